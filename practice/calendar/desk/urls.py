from django.urls import path

from practice.calendar.desk import client_views, views

urlpatterns = [
    path("", views.day, name="desk"),
    path("requests/", views.requests, name="desk_requests"),
    path("meetings/<uuid:pk>/", views.meeting, name="desk_meeting"),
    path("meetings/<uuid:pk>/approve/", views.meeting_approve, name="desk_approve"),
    path("meetings/<uuid:pk>/decline/", views.meeting_decline, name="desk_decline"),
    path("meetings/<uuid:pk>/move/", views.meeting_move, name="desk_move"),
    path("meetings/<uuid:pk>/cancel/", views.meeting_cancel, name="desk_cancel"),
    path("meetings/<uuid:pk>/attendance/", views.meeting_attendance, name="desk_attendance"),
    path("clients/", client_views.clients, name="desk_clients"),
    path("clients/new/", client_views.client_new, name="desk_client_new"),
    path("clients/<uuid:pk>/", client_views.client, name="desk_client"),
    path("clients/<uuid:pk>/edit/", client_views.client_edit, name="desk_client_edit"),
]
