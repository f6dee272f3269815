"""What is asked from outside."""

from django.urls import path

from centre.running.health import healthz
from centre.running.mails import mails

urlpatterns = [path("healthz", healthz, name="healthz"), path("demo/mails/", mails, name="demo-mails")]
