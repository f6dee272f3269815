"""Django, set up as these tests are looked for: the others do without."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.centre.settings"
django.setup()
# Read by now. Processes that tests start are told their settings by whoever starts them.
del os.environ["DJANGO_SETTINGS_MODULE"]
