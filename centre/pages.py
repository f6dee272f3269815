"""What every page is told."""

from django.conf import settings
from django.http import HttpRequest


def every_page(_request: HttpRequest) -> dict[str, object]:
    """Whether it is a demo (模擬)."""
    return {"simulated": settings.SIMULATED}
