"""Settings, from the environment. docs/centre/settings.md names each; nothing secret has a value here."""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from centre.environment import DATABASE, Environment, is_here
from centre.log import logging_settings

HERE = Path(__file__).parent
environment = Environment(os.environ)
"""Ask it for every setting: it knows then what is wrong, and what was never asked for."""
HOME = environment.path("CENTRE_HOME", "build/centre")
"""Where the centre keeps its files: database, keys, static files."""

DEBUG = environment.flag("CENTRE_DEBUG")
SIMULATED = environment.flag("CENTRE_SIMULATED")
"""A demo: every page says so (模擬)."""
_clock_ahead = environment.text("CENTRE_CLOCK_AHEAD")
CLOCK_AHEAD = Path(_clock_ahead) if SIMULATED and _clock_ahead else None
"""File with the seconds by which a demo's clock is moved on. Only a demo has one."""

SECRET_KEY_PLACE = environment.text("CENTRE_SECRET_KEY", str(HOME / "secret.key"))
"""Where the key lies that sessions and links in mails are signed with."""
_secret_keys = [key.hex() for key in environment.keys("CENTRE_SECRET_KEY", HOME / "secret.key")]
SECRET_KEY_AT_HAND = bool(_secret_keys)
SECRET_KEY = _secret_keys[0] if _secret_keys else secrets.token_hex(32)  # of this process alone, until there is one
SECRET_KEY_FALLBACKS = _secret_keys[1:]
SIGNING_KEY_PLACE = environment.text("CENTRE_SIGNING_KEY", str(HOME / "signing.key"))
"""Where the key lies that signs bundles, receipts and times (an Ed25519 seed)."""

ALLOWED_HOSTS = environment.words("CENTRE_HOSTS", "127.0.0.1,localhost")
CENTRE_URL = environment.url("CENTRE_URL", "http://127.0.0.1:8000")
"""As members and vehicles see it; links in mails begin with it."""
CSRF_TRUSTED_ORIGINS = [CENTRE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
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
    "centre.running",
]
MIDDLEWARE = [
    "centre.log.RequestLog",
    "centre.guard.Doorway",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "centre.guard.NothingKept",
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

FORM_RENDERER = "centre.forms.Renderer"

_database = environment.private_url(
    DATABASE, f"sqlite:///{HOME / 'centre.sqlite3'}", ("sqlite", "postgres", "postgresql")
)
DATABASES = {"default": dj_database_url.parse(_database, conn_max_age=60, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL: readers go on while one writes. FULL: what was answered for survives a loss of power. IMMEDIATE: who means
    # to write waits for its turn at the beginning, not in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    # Who waits for a lock, or holds one and says nothing more, is ended before the others have waited too long.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c lock_timeout=20s -c idle_in_transaction_session_timeout=300s"
    )
    _at, _ssl = DATABASES["default"].get("HOST", ""), DATABASES["default"]["OPTIONS"].get("sslmode", "")
    if not is_here(_at) and _ssl not in ("require", "verify-ca", "verify-full"):
        environment.wrong(DATABASE, f"PostgreSQL at {_at} would be spoken to in the clear; add ?sslmode=verify-full")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "centre.portal.signed_in.Backend"]
LOGIN_URL = "portal:login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3_600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
ROBOT_COST = environment.number("CENTRE_ROBOT_COST", 5_000, 100, 1_000_000)
"""Work of the not-a-robot check: turns of PBKDF2 in each of the 50 to 200 tries that a browser makes."""
HOLDER_MONTHS = environment.number("CENTRE_HOLDER_MONTHS", 24, 1, 120)
"""How long a holder's data is kept once the card has ended; then it is erased."""
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "centre.users.passwords.NotOurWords"},
]

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [HERE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Their names hold a hash of them, so that a browser keeps them for good; not so for development.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

# HTTPS, wherever people and vehicles see it: who asks without is sent there, but for the health of this machine.
_https = CENTRE_URL.startswith("https:")
BEHIND_PROXY = environment.flag("CENTRE_BEHIND_PROXY")
"""A proxy of ours stands before it, and nobody gets past: what it says of caller and HTTPS is believed."""
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _https else 0
_alone = environment.flag("CENTRE_HSTS_ALONE")
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https and not _alone
# Which hosts browsers come to know beforehand (preload) is the owner of the domain's to say.
SILENCED_SYSTEM_CHECKS = ["security.W021", *(["security.W005"] if _alone else [])]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
if _https:
    # A cookie of this name comes from this host and by HTTPS, or the browser drops it.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# Of a request as much as a form, a segment's piece or a card's image takes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# Who guesses passwords: an address is kept from one account for a while. The owner elsewhere still gets in (faults 51).
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_CLIENT_IP_CALLABLE = "centre.client.address_of"
AXES_USERNAME_CALLABLE = "centre.client.account_of"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "portal/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "login", "email", "ip_address", "altcha", "csrfmiddlewaretoken"]

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings(environment.one_of("CENTRE_LOG", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")))

MAIL_URL = environment.private_url("CENTRE_MAIL_URL", f"file://{HOME / 'mail'}", ("file", "smtp", "smtps"))
"""The mail server, `smtp://name:password@host:587`, or where that line lies; unset, mails are files (a demo)."""
_mail = urlsplit(MAIL_URL)
EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if _mail.scheme == 'file' else 'smtp'}.EmailBackend"
EMAIL_FILE_PATH = _mail.path
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 587)
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = bool(EMAIL_HOST_USER) and not EMAIL_USE_SSL
if _mail.scheme == "smtp" and not EMAIL_USE_TLS and not is_here(EMAIL_HOST):
    environment.wrong(
        "CENTRE_MAIL_URL", f"{EMAIL_HOST} would be spoken to in the clear; smtps:, or a name and password"
    )
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("CENTRE_MAIL_FROM", "aizuic_info@localhost")
"""Sender of every mail; the page of registration tells members to let it through (PRT-1)."""
CONTACT_MAIL = environment.text("CENTRE_CONTACT_MAIL", DEFAULT_FROM_EMAIL)
"""Where the contact form's letters go."""
SELLER = {
    "person": environment.text("CENTRE_SELLER_PERSON"),
    "address": environment.text("CENTRE_SELLER_ADDRESS"),
    "telephone": environment.text("CENTRE_SELLER_TELEPHONE"),
}
"""What the law asks of who sells at a distance; where empty, the page says that it is not set."""

PAYMENTS = environment.text("PAYMENTS")
"""Who takes payments: `sandbox` (模擬決済) or `stripe`; unset, nobody does."""
_payments_at = {"sandbox": "http://127.0.0.1:8702", "stripe": "https://api.stripe.com"}
if PAYMENTS and PAYMENTS not in _payments_at:
    environment.wrong("PAYMENTS", f"{PAYMENTS!r} is neither sandbox nor stripe")
PAYMENTS_URL = environment.url("PAYMENTS_URL", _payments_at.get(PAYMENTS, _payments_at["sandbox"]))
PAYMENTS_KEY = environment.private("PAYMENTS_KEY")
PAYMENTS_NOTICE_SECRET = environment.private("PAYMENTS_NOTICE_SECRET")
PAYMENTS_PAGES = environment.words(
    "PAYMENTS_PAGES", "https://checkout.stripe.com,https://hooks.stripe.com" if PAYMENTS == "stripe" else PAYMENTS_URL
)
"""Where its pages are: a form of ours may lead there."""
if PAYMENTS:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += PAYMENTS_PAGES
    for _name, _value in {"PAYMENTS_KEY": PAYMENTS_KEY, "PAYMENTS_NOTICE_SECRET": PAYMENTS_NOTICE_SECRET}.items():
        if not _value:
            environment.wrong(_name, "not set; the payment service gives it")
PAYMENTS_RETRY_DAYS = [environment.number(f"PAYMENTS_RETRY_DAY_{nth}", days, 1, 60) for nth, days in ((1, 1), (2, 3))]
"""After so many days an auto-charge that the credit card declined is billed again; then auto-charge stands still."""
PAYMENTS_REFUND_ALONE_YEN = environment.number("PAYMENTS_REFUND_ALONE_YEN", 3_000, 0, 1_000_000)
"""Above this, a clerk's refund waits for a supervisor (faults 47)."""

FEED = environment.text("CENTRE_FEED")
"""GTFS-JP, a folder or a zip: a tariff is compared over every pair of its stops. Without, over settings and prices.

The counter sells section passes by its stops and fares."""
TARIFF_LIMIT_PERCENT = environment.number("CENTRE_TARIFF_LIMIT_PERCENT", 30, 0, 10_000)
TARIFF_LIMIT_YEN = environment.number("CENTRE_TARIFF_LIMIT_YEN", 300, 0, 1_000_000)
"""A tariff in which anything changes by more than so many percent, or a fare by so many yen, takes two (faults 29)."""
COUNTER_REFUND_LIMIT_YEN = environment.number("CENTRE_COUNTER_REFUND_LIMIT_YEN", 10_000, 0, 1_000_000)
"""Above it a second person approves a refund (faults 47)."""

COUNTER_READER = environment.text("CENTRE_COUNTER_READER", "image" if SIMULATED else "")
"""The reader of this machine's counter, such as `tty:/dev/ttyUSB0`; `image`: card images, in a demo alone."""
if COUNTER_READER == "image" and not SIMULATED:
    environment.wrong("CENTRE_COUNTER_READER", "card images are for a demo (CENTRE_SIMULATED=1); name a reader")
    COUNTER_READER = ""
COUNTER_CARD_KEYS = environment.text("CENTRE_COUNTER_CARD_KEYS", str(HOME / "card.keys"))
"""Where the keys of cards lie, for the counter's reader."""
COUNTER_PLACE = environment.text("CENTRE_COUNTER_PLACE", "窓口")
"""What the counter is called on slips; its till, in the books."""
REGISTER = environment.text("CENTRE_REGISTER")
"""The register that the buses number their stops by: the counter sells section passes in these numbers."""

PROBLEMS = environment.problems
"""What is wrong with the environment, a line each. Last here, when all has been asked for."""
