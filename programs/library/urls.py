from django.urls import path

from programs.library import views

urlpatterns = [
    path("", views.library, name="library"),
    path("new/", views.template_new, name="library_new"),
    path("methods/", views.methods, name="library_methods"),
    path("methods/new/", views.method_new, name="library_method_new"),
    path("methods/<slug:slug>/", views.method, name="library_method"),
    path("methods/<slug:slug>/edit/", views.method_edit, name="library_method_edit"),
    path("<uuid:pk>/", views.template, name="library_template"),
    path("<uuid:pk>/edit/", views.template_edit, name="library_edit"),
    path("<uuid:pk>/copy/", views.template_copy, name="library_copy"),
    path("<uuid:pk>/retire/", views.template_retire, name="library_retire"),
    path("<uuid:pk>/restore/", views.template_restore, name="library_restore"),
    path("<uuid:pk>/versions/", views.versions, name="library_versions"),
    path("<uuid:pk>/versions/<int:number>/", views.template, name="library_version"),
]
