"""What a web server calls."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "centre.settings")
application = get_wsgi_application()

from centre.keys import signing_seed  # noqa: E402 - settings come first

signing_seed()  # without its key a centre does not start
