"""The line to a payment service: httpx with bounded waits. What is sent and answered is never logged: it holds keys."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from centre.payments.port import Unknown

# httpx tells addresses at INFO; a service's name for a person is in some of them.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONNECT_S, ANSWER_S = 3.0, 8.0
MOST_BYTES = 1 << 20
_TRY_LATER = frozenset({409, 423, 425, 429})


class Answer(NamedTuple):
    """What the service said: a status and a JSON object."""

    status: int
    said: dict[str, Any]


class Line:
    """Requests to one service."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers=dict(headers),
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            follow_redirects=False,
            trust_env=False,
        )

    def hang_up(self) -> None:
        """Over; it isn't asked any more."""
        self._client.close()

    def ask(self, method: str, path: str, **content: Any) -> Answer | Unknown:
        """One request. Unknown where there is no whole answer, or one that asks us to come again."""
        try:
            with self._client.stream(method, path, **content) as answer:
                body = b""
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        return Unknown("too-long")
                said = httpx.Response(answer.status_code, content=body).json() if body else {}
        except httpx.TimeoutException:
            return Unknown("timeout")
        except httpx.HTTPError:
            return Unknown("unreachable")
        except ValueError:
            return Unknown("garbled")
        if answer.status_code in _TRY_LATER or answer.status_code >= 500 or not isinstance(said, dict):
            return Unknown("busy")
        return Answer(answer.status_code, said)
