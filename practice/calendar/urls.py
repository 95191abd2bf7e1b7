from django.urls import path

from practice.calendar import views

urlpatterns = [
    path("hours/", views.hours, name="settings_hours"),
    path("hours/<slug:slug>/", views.hours_of, name="settings_hours_of"),
    path("hours/<slug:slug>/change/", views.hours_change, name="settings_hours_change"),
    path("time-off/", views.time_off, name="settings_time_off"),
    path("time-off/new/", views.time_off_new, name="settings_time_off_new"),
    path("time-off/<int:pk>/", views.time_off_one, name="settings_time_off_one"),
    path("time-off/<int:pk>/delete/", views.time_off_delete, name="settings_time_off_delete"),
    path("closures/", views.closures, name="settings_closures"),
    path("closures/new/", views.closure_new, name="settings_closure_new"),
    path("closures/holidays/", views.holidays, name="settings_holidays"),
    path("closures/<int:pk>/", views.closure_edit, name="settings_closure"),
    path("closures/<int:pk>/delete/", views.closure_delete, name="settings_closure_delete"),
]
