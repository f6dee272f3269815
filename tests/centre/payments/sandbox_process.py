"""The sandbox as a process of its own, and a member's and a tester's hands on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

KEY, NOTICE_SECRET = "a key of the tests", "a notice secret of the tests"
LATE_S = 1.0


class SandboxHands:
    """What members do at its pages, and testers at its controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {KEY}"}
        self._tester = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10)
        self._member = httpx.Client(trust_env=False, timeout=10)

    def close(self) -> None:
        self._tester.close()
        self._member.close()

    def look(self, url: str, **headers: str) -> httpx.Response:
        """A member looks at a page."""
        return self._member.get(url, headers=headers)

    def type_card(self, url: str, number: str, *, expiry: str = "12/34", code: str = "123") -> httpx.Response:
        """A member types a card at the hosted page, and says that it is them if they are asked."""
        said = self._member.post(url, data={"number": number, "expiry": expiry, "code": code})
        if "/who/" in said.headers.get("Location", ""):
            return self._member.post(self.url + said.headers["Location"], data={"yes": "1"})
        return said

    def prove(self, url: str, *, is_them: bool = True) -> httpx.Response:
        """A member says at the issuer's page whether it is them."""
        return self._member.post(url, data={"yes" if is_them else "no": "1"})

    def wish(self, **wishes: int) -> None:
        """A tester's wishes."""
        self.post("/control/wishes", wishes)

    def post(self, path: str, content: object = None) -> dict[str, Any]:
        answer = self._tester.post(path, json=content)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def get(self, path: str) -> dict[str, Any]:
        answer = self._tester.get(path)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def books(self, prefix: str = "") -> list[dict[str, Any]]:
        """Its payments whose key begins so, from its own database."""
        return [one for one in self.get("/control/books")["payments"] if one["reference"].startswith(prefix)]

    def notices(self) -> list[dict[str, str]]:
        """All its notices, signed anew, the oldest first."""
        return list(reversed(self.get("/control/notices")["notices"]))


@contextmanager
def sandbox_process(database: Path, *options: str) -> Iterator[SandboxHands]:
    """It runs, at a free port, and is ended at the end."""
    command = [sys.executable, "-m", "tools.cli", "sim", "payments", "--port", "0", "--database", str(database)]
    environ = os.environ | {"PAYMENTS_KEY": KEY, "PAYMENTS_NOTICE_SECRET": NOTICE_SECRET, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--late", str(LATE_S), *options], stdout=subprocess.PIPE, env=environ, text=True
    ) as process:
        try:
            assert process.stdout is not None
            hands = SandboxHands(process.stdout.readline().split()[1].rstrip("/"))
            yield hands
            hands.close()
        finally:
            process.terminate()
