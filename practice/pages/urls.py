from django.urls import path

from practice.pages import components, health, help, preferences, setup

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("help/", help.help_now, name="help"),
    path("settings/", setup.settings, name="settings"),
    path("settings/help/", help.contacts, name="settings_help"),
    path("settings/help/new/", help.contact_new, name="settings_help_new"),
    path("settings/help/<int:pk>/", help.contact_edit, name="settings_help_contact"),
    path("settings/help/<int:pk>/checked/", help.contact_checked, name="settings_help_checked"),
    path("settings/help/<int:pk>/delete/", help.contact_delete, name="settings_help_delete"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/language/", preferences.choose_language, name="choose_language"),
    path("preferences/theme/", preferences.choose_theme, name="choose_theme"),
    path("preferences/zone/", preferences.choose_zone, name="choose_zone"),
    path("_components/", components.components, name="components"),
]
