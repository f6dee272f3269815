"""The centre's settings for tests: its database is DATABASE_URL, or SQLite in memory; no key is anybody's."""

import os
from tempfile import NamedTemporaryFile

os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")

from centre.settings import *  # noqa: F403

SECRET_KEY = "a key of the tests: 模擬"
SECRET_KEY_AT_HAND = True
SIMULATED = False
_KEY_FILE = NamedTemporaryFile("w", suffix=".key")  # noqa: SIM115 - of mode 0600; gone with the process
_KEY_FILE.write("c0" * 32)
_KEY_FILE.flush()
SIGNING_KEY_PLACE = _KEY_FILE.name
# The real one takes as long as it should; test_passwords.py tries it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# It looks for collected files, which a test has none of.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]  # noqa: F405
# The check itself is tried at its full cost in a browser.
ROBOT_COST = 1
