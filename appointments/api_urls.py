"""The addresses of the JSON API."""

from django.urls import path

from appointments import api

urlpatterns = [
    path("services", api.services, name="api_services"),
    path("slots", api.slots, name="api_slots"),
    path("bookings", api.bookings, name="api_bookings"),
    path("openapi.json", api.openapi, name="api_openapi"),
]
