from django.urls import path

from programs.pages import views

urlpatterns = [
    path("caseload/", views.caseload, name="caseload"),
    path("programs/<uuid:pk>/", views.program, name="program"),
]
