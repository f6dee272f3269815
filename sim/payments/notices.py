"""Notices: signed as Stripe signs, sent until they are taken, and on request held, doubled or shuffled."""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from threading import Condition, Thread
from typing import Any

import httpx

from sim.payments.service import Happened
from sim.payments.store import Event, Store

_log = logging.getLogger(__name__)

RETRIES_S = (1, 5, 30, 120, 600, 3_600, 3_600, 3_600)
_LOOK_S = 5.0
SIGNATURE = "Stripe-Signature"


class Notices:
    """What happened, as notices. `describe(kind, subject)` tells the subject as it stands."""

    def __init__(
        self,
        store: Store,
        url: str,
        secret: str,
        clock: Callable[[], float],
        token: Callable[[], str],
        describe: Callable[[Happened], Mapping[str, Any]],
        wish: Callable[[str], int],
    ) -> None:
        """An empty `url`: nobody is told."""
        self._store, self._url, self._secret = store, url, secret
        self._clock, self._token, self._describe, self._wish = clock, token, describe, wish
        self._news = Condition()
        self._is_over = False
        self._client = httpx.Client(timeout=10.0, trust_env=False)
        self._sender = Thread(target=self._send_all, daemon=True)

    def start(self) -> None:
        """Send from now on."""
        if self._url:
            self._sender.start()

    def stop(self) -> None:
        """Send no more."""
        with self._news:
            self._is_over = True
            self._news.notify()
        if self._sender.is_alive():
            self._sender.join(15)
        self._client.close()

    def tell(self, happened: Happened) -> None:
        """Keep it, in the transaction in which it happened; it is sent after that."""
        name, at_s = f"evt_{self._token()}", int(self._clock())
        said = {
            "id": name,
            "object": "event",
            "type": happened.kind,
            "created": at_s,
            "livemode": False,
            "data": {"object": self._describe(happened)},
        }
        self._store.rows(
            "INSERT INTO events (id, kind, subject, body, made_at_s, next_try_s) VALUES (?, ?, ?, ?, ?, ?)",
            name, happened.kind, happened.subject, json.dumps(said, ensure_ascii=False), at_s, self._clock(),
        )  # fmt: skip
        with self._news:
            self._news.notify()

    def events(self, subject: str = "") -> list[Event]:
        """All, or one subject's, the newest first."""
        where, values = ("WHERE subject = ?", (subject,)) if subject else ("", ())
        return [Event(*row) for row in self._store.rows(f"SELECT * FROM events {where} ORDER BY number DESC", *values)]

    def sign(self, body: str) -> str:
        """The signature's header, of now."""
        at_s = int(self._clock())
        mac = hmac.new(self._secret.encode(), f"{at_s}.{body}".encode(), hashlib.sha256).hexdigest()
        return f"t={at_s},v1={mac}"

    def deliver(self, name: str) -> int:
        """Send one now; the answer's status, 0 for none."""
        for row in self._store.rows("SELECT * FROM events WHERE id = ?", name):
            event = Event(*row)
            status = self._post(event)
            next_try_s = None
            if not 200 <= status < 300 and event.tries < len(RETRIES_S):
                next_try_s = self._clock() + RETRIES_S[event.tries]
            self._store.rows(
                "UPDATE events SET tries = tries + 1, last_status = ?, next_try_s = ? WHERE id = ?",
                status, next_try_s, name,
            )  # fmt: skip
            return status
        return 0

    def _post(self, event: Event) -> int:
        if not self._url:
            return 0
        headers = {SIGNATURE: self.sign(event.body), "Content-Type": "application/json"}
        try:
            return self._client.post(self._url, content=event.body.encode(), headers=headers).status_code
        except httpx.HTTPError as error:
            _log.warning("notice %s could not be sent: %s", event.id, type(error).__name__)
            return 0

    def _send_all(self) -> None:
        while not self._is_over:
            due = [] if self._wish("hold_notices") else self._due()
            for name in due:
                self.deliver(name)
            with self._news:
                if not self._is_over and not due:
                    self._news.wait(min(_LOOK_S, RETRIES_S[0]))

    def _due(self) -> list[str]:
        found = "SELECT id FROM events WHERE next_try_s <= ? ORDER BY number LIMIT 20"
        names = [row[0] for row in self._store.rows(found, self._clock())]
        if self._wish("shuffle_notices"):
            names.reverse()
        return names * 2 if self._wish("double_notices") else names
