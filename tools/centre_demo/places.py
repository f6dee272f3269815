"""Where a demo's things lie, and what its processes are told."""

import os
import secrets
from pathlib import Path
from typing import NamedTuple

BUSES = {"DEMO-1": "lococa", "DEMO-2": "aizu-noruca"}
"""Vehicles, and whose rules hold on them."""
PASSWORD = "mogi2026demo"  # 模擬: everybody's
MEMBER = "hanako@demo.example"
KANA, TELEPHONE = "アイヅハナコ", "0242225555"
"""What was told when the named cards were issued (PRT-3)."""
TO_ADD = "AZ00000000000005"
"""A named card that no member has yet: its engraved number."""
CLERKS = {
    "kakari@demo.example": ("clerk", "aizu-noruca"),
    "sekininsha@demo.example": ("supervisor", "aizu-noruca"),
    "lococa@demo.example": ("clerk", "lococa"),
    "lococa.sekininsha@demo.example": ("supervisor", "lococa"),
    "kansa@demo.example": ("auditor", ""),
}


class Demo(NamedTuple):
    """A demo's folder and ports; a port of its own for people, for buses, for payments."""

    folder: Path
    port: int
    buses_port: int
    payments_port: int

    @property
    def url(self) -> str:
        """What people open."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def payments_url(self) -> str:
        """Where the payment sandbox is."""
        return f"http://127.0.0.1:{self.payments_port}"

    @property
    def ahead(self) -> Path:
        """The file that moves the demo's clock on."""
        return self.folder / "clock-ahead"

    def ahead_s(self) -> int:
        """By how many seconds its clock is ahead of this machine's."""
        return int(self.ahead.read_text()) if self.ahead.exists() else 0

    def move_clock(self, ahead_s: int) -> None:
        """Its clock is ahead by so many seconds from now on, for all of its processes."""
        draft = self.ahead.with_suffix(".part")
        draft.write_text(str(ahead_s))
        draft.replace(self.ahead)

    def bus(self, name: str) -> Path:
        """A bus's own folder: journal, bundles, settings."""
        return self.folder / name

    def environ(self) -> dict[str, str]:
        """The whole environment of the demo's processes: nothing of the caller's settings comes through."""
        from tools.feeds import SAMPLE, feed_path

        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR") if name in os.environ
        }
        return kept | {
            "PYTHONUNBUFFERED": "1",
            "CENTRE_HOME": str(self.folder / "centre"),
            "CENTRE_SIMULATED": "1",
            "CENTRE_CLOCK_AHEAD": str(self.ahead),
            "CENTRE_URL": self.url,
            "CENTRE_LOG": "WARNING",
            "CENTRE_FEED": str(feed_path(SAMPLE)),
            "CENTRE_SELLER_PERSON": "模擬",
            "CENTRE_SELLER_ADDRESS": "模擬",
            "CENTRE_SELLER_TELEPHONE": "模擬",
            "PAYMENTS": "sandbox",
            "PAYMENTS_URL": self.payments_url,
            "PAYMENTS_KEY": str(self.folder / "payments.key"),
            "PAYMENTS_NOTICE_SECRET": str(self.folder / "notice.secret"),
        }


def lay_out(demo: Demo) -> None:
    """Folder and secrets of a demo, made anew for it alone."""
    demo.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("payments.key", "notice.secret"):
        private(demo.folder / name, secrets.token_hex(32) + "\n")


def private(path: Path, text: str) -> None:
    """A file of mode 0600."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
