"""What every page is told."""

from django.conf import settings
from django.http import HttpRequest


def every_page(_request: HttpRequest) -> dict[str, object]:
    """Whether it is a demo (模擬), and who sends mails."""
    return {"simulated": settings.SIMULATED, "mail_from": settings.DEFAULT_FROM_EMAIL}
