"""Settings, from the environment. docs/centre/settings.md names each; nothing secret has a value here."""

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

HERE = Path(__file__).parent
HOME = Path(os.environ.get("CENTRE_HOME", "build/centre")).absolute()
"""Where the centre keeps its files: database, keys, slips."""


def _flag(name: str) -> bool:
    return os.environ.get(name, "") == "1"


DEBUG = _flag("CENTRE_DEBUG")
SIMULATED = _flag("CENTRE_SIMULATED")
"""A demo: every page says so (模擬)."""
CLOCK_AHEAD = Path(os.environ["CENTRE_CLOCK_AHEAD"]) if SIMULATED and "CENTRE_CLOCK_AHEAD" in os.environ else None
"""File with the seconds by which a demo's clock is moved on. Only a demo has one."""
SECRET_KEY = os.environ.get("CENTRE_SECRET_KEY", "")
ALLOWED_HOSTS = os.environ.get("CENTRE_HOSTS", "127.0.0.1,localhost").split(",")
CENTRE_URL = os.environ.get("CENTRE_URL", "http://127.0.0.1:8000")
"""As members and vehicles see it; links in mails begin with it."""
CSRF_TRUSTED_ORIGINS = [CENTRE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "centre.users",
    "centre.cards",
    "centre.collector",
    "centre.ledger",
    "centre.bundles",
    "centre.counter",
    "centre.portal",
    "centre.payments",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "centre.urls"
WSGI_APPLICATION = "centre.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["centre.template_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "centre.pages.every_page",
            ],
        },
    }
]

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{HOME / 'centre.sqlite3'}", conn_max_age=60)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL: readers go on while one writes. FULL: what was answered for survives a loss of power. IMMEDIATE: who means
    # to write waits for its turn at the beginning, not in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [HERE / "static"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CENTRE_URL.startswith("https:")
SESSION_COOKIE_HTTPONLY = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
