from django.conf import settings
from django.urls import path

from programs import views

urlpatterns = [
    path("home/", views.home, name="home"),
    path("today/", views.today, name="today"),
]

if settings.DEMO:
    from programs import demo

    urlpatterns += [
        path("demo/", demo.demo, name="demo"),
        path("demo/<slug:who>/", demo.enter, name="demo_enter"),
    ]
