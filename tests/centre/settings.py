"""The centre's settings for tests: its database is DATABASE_URL, or SQLite in memory; no key is anybody's."""

import os

os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")

from centre.settings import *  # noqa: F403

SECRET_KEY = "a key of the tests: 模擬"
SIMULATED = False
# The real one takes as long as it should; test_passwords.py tries it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# It looks for collected files, which a test has none of.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]  # noqa: F405
