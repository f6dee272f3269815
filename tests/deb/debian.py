"""A Debian of debootstrap's in a folder: the one whose Python the package was made for. Made once, kept, unpacked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
MIRROR = os.environ.get("FAREBOX_DEBIAN_MIRROR", "http://deb.debian.org/debian")
THERE = "python3,libusb-1.0-0,systemd,udev"
"""What the package depends on; a test holds this against it."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "farebox-test-deb"
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


class Debian(NamedTuple):
    """Its root folder."""

    root: Path

    def path(self, inside: str) -> Path:
        """A path of it, as seen from outside."""
        return self.root / inside.lstrip("/")

    def command(self, *words: str, user: str = "root") -> list[str]:
        """How a command is run in it."""
        return ["chroot", f"--userspec={user}:{user}", str(self.root), *words]

    def run(self, *words: str, user: str = "root", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one, whatever comes of it."""
        return subprocess.run(
            self.command(*words, user=user),
            env={**CLEAN, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def _made() -> Path:
    """The archive of an empty one."""
    suite = SUITES[sys.version_info[:2]]
    kept = CACHE / f"{suite}-{THERE.replace(',', '-')}.tar"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        folder = CACHE / f"{suite}.{os.getpid()}"
        include = f"--include={THERE}"
        subprocess.run(["debootstrap", "--variant=minbase", include, suite, str(folder), MIRROR], check=True)
        part = folder.with_suffix(".part")
        subprocess.run(["tar", "--one-file-system", "-C", str(folder), "--exclude=./var/cache/apt/archives/*.deb",
                        "-cf", str(part), "."], check=True)  # fmt: skip
        part.rename(kept)
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)
    return kept


@contextmanager
def unpacked(folder: Path) -> Iterator[Debian]:
    """One in a folder of its own, for as long as it lasts."""
    subprocess.run(["tar", "-C", str(folder), "-xf", str(_made())], check=True)
    try:
        yield Debian(folder)
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)
