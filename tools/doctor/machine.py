"""Where the doctor looks, and how: paths and commands of this machine. Tests hand over a made one."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from farebox.clock_sources import by_ntp, by_rtc

_COMMAND_S = 10
_MOST_BYTES = 65_536


def _said(words: Sequence[str]) -> str | None:
    """What a command says, without its last newline; None if it is not there or does not end."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_COMMAND_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()


class Machine(NamedTuple):
    """This one, unless a test says otherwise."""

    root: Path = Path("/")
    said: Callable[[Sequence[str]], str | None] = _said
    by_ntp: Callable[[], bool] = by_ntp
    by_rtc: Callable[[], bool] = by_rtc
    may_use: Callable[[Path], bool] = lambda path: os.access(path, os.R_OK | os.W_OK)
    wall_s: Callable[[], float] = time.time
    environ: Mapping[str, str] = os.environ

    def path(self, name: str) -> Path:
        """A path of the machine."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """What a small file says, without white space around it; empty if it can't be read."""
        try:
            with self.path(name).open("rb") as file:
                return file.read(_MOST_BYTES).decode(errors="replace").strip(" \n\0")
        except OSError:
            return ""
