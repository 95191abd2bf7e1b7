"""All settings, read from the environment. `.env.example` explains every name."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(BASE_DIR / ".env", recurse=False)

DATA_DIR = Path(env.str("BENANG_DATA", "") or BASE_DIR / "var").absolute()

# --- Where we are: the embedded demo, or a real practice -------------------------------------------------------

EMBEDDED = not env.str("DATABASE_URL", "")
DEMO = env.bool("BENANG_DEMO", EMBEDDED)
if DEMO and not EMBEDDED:
    raise ImproperlyConfigured("BENANG_DEMO works with the embedded database only: it lets anyone enter as anyone.")
PRODUCTION = not DEMO
DEBUG = False

if EMBEDDED and DEMO:
    # The demo keeps its secrets beside its data, made on first start.
    from practice.database.secrets import demo_key, demo_secret

    SECRET_KEY = env.str("SECRET_KEY", "") or demo_secret(DATA_DIR / "secret_key")
    RECORD_KEYS = env.list("BENANG_KEYS", []) or [f"demo:{demo_key(DATA_DIR / 'record_key')}"]
else:
    SECRET_KEY = env.str("SECRET_KEY")
    RECORD_KEYS = env.list("BENANG_KEYS")

SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", [])
LIMITS = env.str("BENANG_LIMITS", "on") != "off"
if PRODUCTION and not LIMITS:
    raise ImproperlyConfigured("BENANG_LIMITS=off is for tests and benchmarks; a real practice keeps its limits.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEMO else [])
BASE_URL = env.str("BENANG_URL", "http://127.0.0.1:8000" if DEMO else "").rstrip("/")
TRUSTED_PROXIES = env.int("BENANG_TRUSTED_PROXIES", 0)

# --- Parts ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "crispy_forms",
    "csp",
    "django_htmx",
    "pgtrigger",
    "procrastinate.contrib.django",
    "practice",
    "appointments",
    "programs",
]

MIDDLEWARE = [
    "practice.pages.middleware.request_id",
    "practice.pages.middleware.compressed_pages",
    "csp.middleware.CSPMiddleware",
    "practice.pages.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "practice.pages.middleware.database_away",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "practice.records.context.request_context",
    "practice.pages.middleware.plain_input",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "practice.people.sessions.session_limits",
    "practice.pages.middleware.person_language_and_zone",
    "practice.pages.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "practice.urls"
WSGI_APPLICATION = "practice.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "practice.pages.context.page",
            ],
            "builtins": ["practice.templatetags.benang"],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "benang"
CRISPY_TEMPLATE_PACK = "benang"
CRISPY_FAIL_SILENTLY = False

# --- Database: the only store -------------------------------------------------------------------------------------

if EMBEDDED:
    DATABASES = {
        "default": {
            "ENGINE": "practice.database",
            "NAME": "postgres",
            "USER": "postgres",
            "EMBEDDED": {"DIR": DATA_DIR / "postgres", "DURABLE": env.bool("BENANG_DURABLE", True)},
        }
    }
else:
    DATABASES = {"default": env.dj_db_url("DATABASE_URL", engine="practice.database")}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options |= {"server_side_binding": True, "connect_timeout": 2}
_options["prepare_threshold"] = 5  # what is asked often is planned once for each connection
# What is asked for lies in memory or on a disk without moving parts: reading here and there costs hardly more than in a
# row, and compiling a query takes longer than any of ours. Triggers ask the last setting whether to rest; where it is
# not set, every call fails inside first, ten times slower.
_options["options"] = f"-c random_page_cost=1.1 -c jit=off {_options.get('options', '')} -c pgtrigger.ignore={{}}"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Time and language --------------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "Asia/Jakarta")
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "id")
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "practice.User"
AUTHENTICATION_BACKENDS = ["practice.people.backends.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "landing"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name", "email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 14}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60

ACCOUNT_ADAPTER = "practice.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # a code proves the address, see practice/people/codes.py
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # we write to them ourselves: there is no sign-up to invite them to
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False  # counted in PostgreSQL instead, see practice/people/signin.py

# --- Front end ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- Web safety ---------------------------------------------------------------------------------------------------

_prefix = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_prefix}session"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 24 * 60 * 60
CSRF_FAILURE_VIEW = "practice.pages.errors.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # a name of a megabyte gets its message, and nothing typed is lost
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600  # a template of 60 sessions has eight texts for each
FILE_UPLOAD_HANDLERS = []
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail is unique by a constraint, whatever its case

# --- Messages -----------------------------------------------------------------------------------------------------

if env.str("EMAIL_URL", ""):
    _mail = env.dj_email_url("EMAIL_URL")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"].replace("django.core.mail.backends.smtp.", "practice.messages.smtp.")
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "practice.messages.eml.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "outbox"
DEFAULT_FROM_EMAIL = env.str("BENANG_FROM", "janji@ruangteduh.example" if DEMO else "")

PROCRASTINATE_IMPORT_PATHS = [
    "practice.messages.tasks",
    "practice.records.tasks",
    "practice.calendar.tasks",
    "practice.calendar.desk.tasks",
    "programs.agreement.tasks",
    "programs.reviews.tasks",
]

# --- Logs: no query, no body, no personal data ----------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "benang": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "procrastinate": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
