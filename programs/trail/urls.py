from django.urls import path

from programs.trail import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("home/opened/", views.own_trail, name="own_trail"),
]
