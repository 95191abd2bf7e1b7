"""What a real practice must have set, for `manage.py check --deploy`. `manage.py serve` refuses to start without it.

The keys for records are checked at all times, by `records.checks`.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import connection

SHORTEST_SECRET_KEY = 50


@register(Tags.security, deploy=True)
def it_is_not_the_demo(app_configs, **kwargs):
    if settings.DEMO:
        return [Error("The demo lets anyone enter as anyone: set BENANG_DEMO=off.", id="practice.E001")]
    return []


@register(Tags.security, deploy=True)
def the_secret_key_is_long(app_configs, **kwargs):
    """Also the old keys, which still sign."""
    if all(len(key) >= SHORTEST_SECRET_KEY for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]):
        return []
    return [Error(f"SECRET_KEY needs {SHORTEST_SECRET_KEY} characters or more.", id="practice.E002")]


@register(Tags.security, deploy=True)
def limits_are_on(app_configs, **kwargs):
    if settings.LIMITS:
        return []
    return [Error("Rate limits are off: remove BENANG_LIMITS.", id="practice.E003")]


@register(Tags.security, deploy=True)
def our_address_is_https(app_configs, **kwargs):
    """Links in messages begin with it."""
    address = urlsplit(settings.BASE_URL)
    if address.scheme == "https" and address.hostname:
        return []
    return [Error("BENANG_URL must be our address, such as https://benang.example.", id="practice.E004")]


@register(Tags.security, deploy=True)
def mail_leaves_encrypted(app_configs, **kwargs):
    is_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    if is_smtp and (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        return []
    return [Error("Mail must go to a server that encrypts: set EMAIL_URL=submission://….", id="practice.E005")]


@register(deploy=True)
def mail_has_a_sender(app_configs, **kwargs):
    if "@" in settings.DEFAULT_FROM_EMAIL:
        return []
    return [Error("Messages need a sender: set BENANG_FROM to an e-mail address.", id="practice.E006")]


@register(Tags.database, deploy=True)
def the_embedded_database_is_durable(app_configs, **kwargs):
    if connection.settings_dict.get("EMBEDDED", {}).get("DURABLE", True):
        return []
    return [Error("The database may lose data when the power fails: remove BENANG_DURABLE.", id="practice.E007")]


@register(Tags.security, deploy=True)
def proxies_are_counted(app_configs, **kwargs):
    """Behind a proxy that is not counted all visitors share one address, and one limit, and HTTPS goes unseen."""
    if settings.TRUSTED_PROXIES:
        return []
    return [Warning("Set BENANG_TRUSTED_PROXIES to how many proxies stand before us.", id="practice.W001")]
