"""The environment read into settings: all that is wrong with it is known at once, and what was asked for is known too.

    environment = Environment(os.environ)
    hosts = environment.words("CENTRE_HOSTS", "localhost")
    environment.problems        what is wrong, a line each; a wrong value counts as its default until then

Nothing secret stands in the environment itself: there stands where it lies, a file of mode 0600 or `credential:NAME`
(systemd's LoadCredential=), read as reader.keys reads card keys.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from reader.keys import CREDENTIAL, KeyStoreFault, secrets_from

PREFIXES = ("CENTRE_", "PAYMENTS_")
DATABASE = "DATABASE_URL"
_MOST_URL_BYTES = 2_000
_OTHERS_MAY = 0o077
_OTHERS_MAY_OF_CREDENTIAL = 0o007  # systemd's access list shows as the group's right


def is_here(host: str) -> bool:
    """Whether a host is this very machine: its name, its address, a socket's folder, or none."""
    return host in ("", "localhost", "127.0.0.1", "::1") or host.startswith(("/", "%2F"))


class Environment:
    """Asks a process's environment, and remembers what was asked and what was wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Nothing asked yet."""
        self._environ = environ
        self._problems: list[str] = []
        self.asked: set[str] = set()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, a line each: wrong values, and names that nobody asked for, which are misspelt."""
        unknown = sorted(name for name in self._environ if name.startswith(PREFIXES) and name not in self.asked)
        return (
            *self._problems,
            *(f"{name}: no such setting; docs/centre/settings.md names them all" for name in unknown),
        )

    def wrong(self, name: str, what: str) -> None:
        """Remember that a value won't do."""
        self._problems.append(f"{name}: {what}")

    def text(self, name: str, default: str = "") -> str:
        """A value as it stands; empty is unset."""
        self.asked.add(name)
        return self._environ.get(name, "") or default

    def flag(self, name: str) -> bool:
        """1, or 0 and unset."""
        found = self.text(name, "0")
        if found not in ("0", "1"):
            self.wrong(name, f"{found!r} is neither 1 nor 0")
        return found == "1"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        found = self.text(name, str(default))
        if found.isascii() and found.isdecimal() and len(found) < 12 and least <= int(found) <= most:
            return int(found)
        self.wrong(name, f"{found!r} is not a whole number from {least} to {most}")
        return default

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of some words."""
        found = self.text(name, default)
        if found in choices:
            return found
        self.wrong(name, f"{found!r} is none of {', '.join(choices)}")
        return default

    def words(self, name: str, default: str) -> list[str]:
        """Words between commas."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def path(self, name: str, default: str | Path) -> Path:
        """A path, made absolute."""
        return Path(self.text(name, str(default))).absolute()

    def url(self, name: str, default: str, schemes: tuple[str, ...] = ("https", "http")) -> str:
        """A URL without a password and without a slash at its end."""
        found = self.text(name, default).rstrip("/")
        wrong = _wrong_with(found, schemes)
        if wrong:
            self.wrong(name, wrong)
            return default
        if "@" in urlsplit(found).netloc:
            self.wrong(name, "no place for a name or a password")
            return default
        return found

    def private_url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        """A URL that may hold a password: itself, or where it lies (a file of mode 0600, `credential:NAME`)."""
        found = self.text(name, default)
        if found.startswith((CREDENTIAL, "/")):
            try:
                found = _line_in(*self._place(found))
            except KeyStoreFault as fault:
                self.wrong(name, str(fault))
                return default
        wrong = _wrong_with(found, schemes)
        if wrong:
            self.wrong(name, wrong)
            return default
        return found

    def private(self, name: str) -> str:
        """A secret of one line: itself, or where it lies (a file of mode 0600, `credential:NAME`); empty is unset."""
        found = self.text(name)
        if not found.startswith((CREDENTIAL, "/")):
            return found
        try:
            return _line_in(*self._place(found))
        except KeyStoreFault as fault:
            self.wrong(name, str(fault))
            return ""

    def keys(self, name: str, default: str | Path) -> list[bytes]:
        """Keys of 32 bytes each, the newest first, from a file of mode 0600 or a credential; none if that is not there.

        Whether there must be one is for `farebox centre check` to say: before `farebox centre init` there is none.
        """
        where = self.text(name, str(default))
        if not where.startswith(CREDENTIAL) and not Path(where).exists():
            return []
        try:
            held = secrets_from(where, self._environ)
        except KeyStoreFault as fault:
            self.wrong(name, str(fault))
            return []
        return [bytes(held[version]) for version in sorted(held, reverse=True)]

    def _place(self, where: str) -> tuple[Path, int]:
        if not where.startswith(CREDENTIAL):
            return Path(where), _OTHERS_MAY
        name = where.removeprefix(CREDENTIAL)
        folder = self._environ.get("CREDENTIALS_DIRECTORY")
        if not folder or "/" in name or name in ("", ".", ".."):
            raise KeyStoreFault(f"credential {name!r} is not given; add LoadCredential={name}:/path to the unit")
        return Path(folder) / name, _OTHERS_MAY_OF_CREDENTIAL


def _wrong_with(url: str, schemes: tuple[str, ...]) -> str:
    """What is wrong with a URL; its own text is not shown, for it may hold a password."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "sqlite":  # which has a file there
            _ = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in schemes:
        return f"not a URL that begins with {', '.join(f'{scheme}:' for scheme in schemes)}"
    return ""


def _line_in(path: Path, open_to: int) -> str:
    """The one line of a private file. Raises KeyStoreFault, without what stands there."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            line = file.read(_MOST_URL_BYTES + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyStoreFault(f"{path} can't be read ({type(error).__name__}); check the path and its rights") from None
    if mode & open_to:
        raise KeyStoreFault(f"{path}: others may read it (mode {mode:04o}); run chmod 600 {path}")
    if not line or "\n" in line or len(line) > _MOST_URL_BYTES:
        raise KeyStoreFault(f"{path}: not one line")
    return line
