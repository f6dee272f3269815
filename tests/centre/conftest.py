"""Django, set up as these tests are looked for: the others do without."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.centre.settings")
django.setup()
