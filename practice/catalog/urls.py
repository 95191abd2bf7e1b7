from django.urls import path

from practice.catalog import profiles, views

urlpatterns = [
    path("practice/", views.practice, name="settings_practice"),
    path("services/", views.services, name="settings_services"),
    path("services/new/", views.service_new, name="settings_service_new"),
    path("services/<slug:slug>/", views.service_edit, name="settings_service"),
    path("services/<slug:slug>/delete/", views.service_delete, name="settings_service_delete"),
    path("places/", views.places, name="settings_places"),
    path("places/new/", views.place_new, name="settings_place_new"),
    path("places/<int:pk>/", views.place_edit, name="settings_place"),
    path("places/<int:pk>/delete/", views.place_delete, name="settings_place_delete"),
    path("rooms/", views.rooms, name="settings_rooms"),
    path("rooms/new/", views.room_new, name="settings_room_new"),
    path("rooms/<int:pk>/", views.room_edit, name="settings_room"),
    path("rooms/<int:pk>/delete/", views.room_delete, name="settings_room_delete"),
    path("topics/", views.topics, name="settings_topics"),
    path("topics/new/", views.topic_new, name="settings_topic_new"),
    path("topics/<slug:slug>/", views.topic_edit, name="settings_topic"),
    path("topics/<slug:slug>/delete/", views.topic_delete, name="settings_topic_delete"),
    path("counselors/", profiles.counselors, name="settings_counselors"),
    path("counselors/new/", profiles.counselor_new, name="settings_counselor_new"),
    path("counselors/<slug:slug>/", profiles.counselor, name="settings_counselor"),
    path("counselors/<slug:slug>/edit/", profiles.counselor_edit, name="settings_counselor_edit"),
    path("counselors/<slug:slug>/delete/", profiles.counselor_delete, name="settings_counselor_delete"),
    path("counselors/<slug:slug>/licences/", profiles.licences, name="settings_licences"),
    path("counselors/<slug:slug>/account/", profiles.account, name="settings_counselor_account"),
    path("counselors/<slug:slug>/account/invitation/", profiles.invitation, name="settings_invitation"),
    path("counselors/<slug:slug>/account/link/", profiles.linked_account, name="settings_linked_account"),
    path("profile/", profiles.own_profile, name="settings_profile"),
]
