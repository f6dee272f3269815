"""Requests and answers as values, and which function answers what."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


class Request(NamedTuple):
    """What came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes

    def form(self) -> dict[str, str]:
        """The fields of a form. ValueError if it is none."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=100))

    def json(self) -> dict[str, Any]:
        """The object it holds; empty for no body. ValueError if it is none."""
        said = json.loads(self.body) if self.body else {}
        if not isinstance(said, dict):
            raise ValueError("not an object")
        return said


class Response(NamedTuple):
    """What is answered, and what becomes of the answer on its way."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    late_s: float = 0.0
    is_lost: bool = False


Handler = Callable[..., Response]


class Routes:
    """Handlers by method and path; a path's `{}` are what it captures."""

    def __init__(self) -> None:
        """None yet."""
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """`handler(request, *captured)` answers."""
        self._routes.append((method, re.compile(re.escape(path).replace(r"\{\}", "([A-Za-z0-9_]{1,80})")), handler))

    def answer(self, request: Request) -> Response | None:
        """Of the first that fits; None if none does."""
        for method, path, handler in self._routes:
            if method == request.method and (found := path.fullmatch(request.path)):
                return handler(request, *found.groups())
        return None


def as_json(status: int, content: object, **headers: str) -> Response:
    """JSON."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(status, body, (("Content-Type", "application/json"), *named))


def see_other(url: str) -> Response:
    """Go there."""
    return Response(303, headers=(("Location", url),))
