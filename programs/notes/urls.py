from django.urls import path

from programs.notes import views, views_read

urlpatterns = [
    path("sessions/<uuid:pk>/note/", views.note, name="note"),
    path("sessions/<uuid:pk>/note/draft/", views.note_draft, name="note_draft"),
    path("sessions/<uuid:pk>/note/sign/", views.note_sign, name="note_sign"),
    path("sessions/<uuid:pk>/process-note/", views_read.session_process_note, name="session_process_note"),
    path("notes/<uuid:pk>/", views_read.note_read, name="note_read"),
    path("notes/<uuid:pk>/addendum/", views_read.note_addendum, name="note_addendum"),
    path("notes/<uuid:pk>/take-back/", views_read.note_take_back, name="note_take_back"),
    path("notes/<uuid:pk>/co-sign/", views_read.note_co_sign, name="note_co_sign"),
    path("co-signing/", views_read.co_signing, name="co_signing"),
    path("<uuid:pk>/notes/", views_read.notes, name="notes"),
    path("<uuid:pk>/process-notes/", views_read.process_notes, name="process_notes"),
    path("<uuid:pk>/process-notes/program/", views_read.process_note, name="process_note"),
]
