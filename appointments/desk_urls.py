from django.urls import path

from appointments import desk_views

urlpatterns = [path("", desk_views.book, name="desk_book")]
