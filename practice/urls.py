"""Every address of the product. Each room brings its own; one URL serves both languages."""

from django.urls import include, path

urlpatterns = [
    path("", include("appointments.urls")),  # what the public asks for most is looked for first
    path("", include("practice.pages.urls")),
    path("", include("practice.people.urls")),
    path("settings/", include("practice.catalog.urls")),
    path("settings/", include("practice.calendar.urls")),
    path("messages/", include("practice.messages.urls")),
    path("desk/", include("practice.calendar.desk.urls")),
    path("desk/book/", include("appointments.desk_urls")),
    path("", include("programs.urls")),
]

handler400 = "practice.pages.errors.bad_request"
handler403 = "practice.pages.errors.permission_denied"
handler404 = "practice.pages.errors.page_not_found"
handler500 = "practice.pages.errors.server_error"
