from django.urls import path

from programs.sessions import own_views, views

urlpatterns = [
    path("sessions/<uuid:pk>/", views.session, name="session"),
    path("sessions/<uuid:pk>/edit/", views.session_edit, name="session_edit"),
    path("sessions/<uuid:pk>/schedule/", views.session_schedule, name="session_schedule"),
    path("sessions/absences/<int:pk>/excuse/", views.absence_excuse, name="absence_excuse"),
    path("<uuid:pk>/schedule/", views.series, name="schedule_remaining"),
    path("<uuid:pk>/my-sessions/", own_views.own_sessions, name="own_sessions"),
    path("<uuid:pk>/my-sessions/next/", own_views.own_booking, name="own_booking"),
]
