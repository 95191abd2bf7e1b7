from django.conf import settings
from django.urls import include, path

from programs import views

urlpatterns = [
    path("home/", views.home, name="home"),
    path("today/", views.today, name="today"),
    path("today/<uuid:pk>/attendance/", views.attendance, name="attendance"),
    path("library/", include("programs.library.urls")),
    path("programs/", include("programs.goals.urls")),
    path("programs/", include("programs.sessions.urls")),
    path("programs/", include("programs.agreement.urls")),
    path("programs/", include("programs.between.urls")),
    path("programs/", include("programs.notes.urls")),
    path("programs/", include("programs.reviews.urls")),
    path("", include("programs.pages.urls")),
    path("", include("programs.trail.urls")),
]

if settings.DEMO:
    from programs import demo

    urlpatterns += [
        path("demo/", demo.demo, name="demo"),
        path("demo/<slug:who>/", demo.enter, name="demo_enter"),
    ]
