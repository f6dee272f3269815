"""The mails of a demo (模擬), which are files: shown on a page, so that whoever tries it can click their links."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_MOST = 30
_SEPARATOR = b"-" * 79


class Mail(NamedTuple):
    """One mail as it is shown."""

    to: str
    subject: str
    lines: tuple[str, ...]


@require_safe
@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    """GET /demo/mails/: the newest first. There is no such page but in a demo whose mails are files."""
    if not settings.SIMULATED or not settings.MAIL_URL.startswith("file:"):
        raise Http404
    return render(request, "running/mails.html", {"mails": newest(Path(settings.EMAIL_FILE_PATH))})


def newest(folder: Path) -> list[Mail]:
    """What the file backend of Django has written into a folder, the newest first."""
    try:
        files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError:
        return []
    found = [_mail(data) for path in files[:_MOST] for data in reversed(path.read_bytes().split(_SEPARATOR))]
    return [mail for mail in found if mail is not None][:_MOST]


def _mail(data: bytes) -> Mail | None:
    if not data.strip():
        return None
    message = message_from_bytes(data.strip(), EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    return Mail(str(message["To"]), str(message["Subject"]), tuple(text.splitlines()))
