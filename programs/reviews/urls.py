from django.urls import path

from programs.reviews import own_views, views

urlpatterns = [
    path("<uuid:pk>/review/", views.review, name="review"),
    path("<uuid:pk>/reviews/<uuid:review>/", views.review_read, name="review_read"),
    path("<uuid:pk>/ending/", views.ending, name="ending"),
    path("<uuid:pk>/ending/close/", views.finish, name="ending_close"),
    path("<uuid:pk>/follow-ups/<int:days>/", views.follow_up, name="follow_up"),
    path("<uuid:pk>/my-review/", own_views.own_review, name="own_review"),
    path("<uuid:pk>/my-ending/", own_views.own_ending, name="own_ending"),
    path("<uuid:pk>/my-follow-ups/<int:days>/", own_views.own_follow_up, name="own_follow_up"),
]
