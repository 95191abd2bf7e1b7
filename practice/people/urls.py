from django.urls import path, re_path

from practice.people import signin, supervision_views, views

urlpatterns = [
    path("sign-in/", signin.sign_in, name="account_login"),
    path("sign-in/", signin.sign_in, name="account_request_login_code"),  # the name by which allauth comes back to it
    path("sign-in/code/", signin.code, name="account_confirm_login_code"),
    path("sign-in/password/", signin.password, name="sign_in_password"),
    path("sign-in/password/link/", signin.password_link, name="account_reset_password"),
    path("sign-in/password/link/sent/", signin.password_link_sent, name="account_reset_password_done"),
    re_path(
        r"^sign-in/password/new/(?P<uidb36>[0-9a-f]{32})-(?P<key>[-\w]{1,100})/$",
        signin.new_password,
        name="account_reset_password_from_key",
    ),
    path("sign-in/confirm/", signin.confirm_password, name="account_reauthenticate"),
    path("sign-out/", signin.sign_out, name="account_logout"),
    path("account/", views.account, name="account"),
    path("account/password/", signin.change_password, name="account_change_password"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("settings/people/", views.people, name="people"),
    path("settings/people/invite/", views.invite_person, name="invite_person"),
    path("settings/people/invitations/<uuid:pk>/withdraw/", views.withdraw_invitation, name="withdraw_invitation"),
    path("settings/supervision/", supervision_views.supervision, name="supervision"),
    path("settings/supervision/<int:pk>/", supervision_views.supervision_change, name="supervision_change"),
    path("settings/people/<uuid:pk>/", views.person, name="person"),
    path("settings/people/<uuid:pk>/roles/", views.give_role, name="give_role"),
    path("settings/people/<uuid:pk>/roles/<slug:role>/end/", views.take_role, name="end_role"),
    path("settings/people/<uuid:pk>/close/", views.close_person, name="close_account"),
    path("settings/people/<uuid:pk>/reopen/", views.reopen_person, name="reopen_account"),
]
