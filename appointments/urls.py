"""The addresses of public booking. None carries anything that a person typed."""

from django.urls import include, path

from appointments import landing, views_booking, views_manage, views_outcome

urlpatterns = [
    path("api/v1/", include("appointments.api_urls")),
    path("", landing.landing, name="landing"),
    path("guide/", landing.guide, name="guide"),
    path("services/", landing.services, name="services"),
    path("services/<slug:slug>/", landing.service, name="service"),
    path("counselors/", landing.counselors, name="counselors"),
    path("counselors/<slug:slug>/", landing.counselor, name="counselor"),
    path("consent/<slug:purpose>/", landing.consent, name="consent"),
    path("book/<slug:slug>/time/", views_booking.book_time, name="book_time"),
    path("book/<slug:slug>/details/", views_booking.book_details, name="book_details"),
    path("book/<slug:slug>/extend/", views_booking.book_extend, name="book_extend"),
    path("book/<slug:slug>/language/", views_booking.book_language, name="book_language"),
    path("book/<slug:slug>/check/", views_booking.book_check, name="book_check"),
    path("book/<slug:slug>/confirm/", views_booking.book_confirm, name="book_confirm"),
    path("b/m/<uuid:pk>/", views_manage.manage, name="manage"),
    path("b/m/<uuid:pk>/calendar.ics", views_manage.manage_calendar, name="manage_calendar"),
    path("b/m/<uuid:pk>/move/", views_manage.manage_move, name="manage_move"),
    path("b/m/<uuid:pk>/cancel/", views_manage.manage_cancel, name="manage_cancel"),
    path("b/<str:token>/", views_manage.manage_enter, name="manage_enter"),
    path("consultations/<uuid:pk>/", views_outcome.consultation, name="consultation"),
    path("advice/<uuid:pk>/", views_outcome.advice, name="advice"),
]
