"""The log: one JSON object a line on standard error, without secrets and without anybody's data.

A message is cleaned before it is written, whoever wrote it: addresses, card numbers, telephone numbers, tokens and keys
are no longer in it. Of a fault the log has its kind, what it said (cleaned) and the places in the code; never values.
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_CLEANED = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "<mail>"),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@]*@"), r"\1<user>@"),
    (
        re.compile(r"(?i)\b(password|passwd|token|secret|key|authorization|cookie)(\W{1,3})(bearer\s+)?[^\s'\",;&)]+"),
        r"\1\2<hidden>",
    ),
    (re.compile(r"\b(?:[A-Za-z]+_)+(?:live|test)_[A-Za-z0-9]+"), "<token>"),
    (re.compile(r"\b[0-9A-Fa-f]{16,}\b"), "<hex>"),
    (re.compile(r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}"), "<token>"),
    (re.compile(r"(?<![\d.])\+?\d(?:[ -]?\d){9,}"), "<number>"),
)
_request = logging.getLogger("centre.request")


def cleaned(text: str) -> str:
    """A message without what must not be in a log."""
    for pattern, instead in _CLEANED:
        text = pattern.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """at, level, of, event, and of a fault what and where."""
        facts: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "of": record.name,
            "event": cleaned(record.getMessage()),
        }
        facts |= {name: cleaned(v) if isinstance(v, str) else v for name, v in getattr(record, "facts", {}).items()}
        if record.exc_info and record.exc_info[1] is not None:
            fault = record.exc_info[1]
            facts["fault"] = f"{type(fault).__name__}: {cleaned(str(fault))}"
            facts["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)
            ]
        return json.dumps(facts, ensure_ascii=False)


class RequestLog:
    """A line for each request: which view, how it ended, how long it took. No path: a link in a mail is a secret."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Around the other middleware."""
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and tell."""
        began = time.perf_counter()
        response = self._answer(request)
        found = request.resolver_match
        view = found.view_name if found is not None else "-"
        taken_ms = round((time.perf_counter() - began) * 1000)
        _request.info("%s %s %d %d ms", request.method, view, response.status_code, taken_ms)
        return response


def logging_settings(level: str) -> dict[str, object]:
    """`LOGGING` of Django's settings: everything to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "centre.log.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own would mail or write them a second time, and tell paths; axes tells of every sign-in.
        "loggers": {
            name: {"handlers": [], "propagate": True, "level": least}
            for name, least in (
                ("django", "NOTSET"),
                ("django.server", "NOTSET"),
                ("django.request", "ERROR"),
                ("axes", "WARNING"),
            )
        },
    }
