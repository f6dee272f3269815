"""What is asked from outside."""

from django.urls import path

from centre.running.health import healthz

urlpatterns = [path("healthz", healthz, name="healthz")]
