"""Feeds as the command line names them, under the numbers that cards hold."""

from hashlib import sha256
from pathlib import Path

from farebox.feed import Feed, Register, RegisterBroken, load_feed
from tools.files import write_whole

SAMPLE = "sample"


def feed_path(name: str) -> Path:
    """Where a feed is: `sample` is the project's own, anything else a folder or a zip."""
    if name != SAMPLE:
        return Path(name)
    import sim

    return Path(sim.__file__).with_name("feeds") / SAMPLE


def feed_digest(path: Path) -> str:
    """Which edition of a feed it is: SHA-256 of a zip, or of a folder's tables one after the other. Raises OSError."""
    if path.is_file():
        return sha256(path.read_bytes()).hexdigest()
    tables = sorted(path.glob("*.txt"))
    return sha256(b"".join(f"{table.name}\n".encode() + table.read_bytes() for table in tables)).hexdigest()


def load_numbered_feed(name: str, register_path: Path | None) -> Feed:
    """A feed under an append-only register: what it adds is kept in the file before its numbers reach any card.

    Without a register, numbers come from the feed alone, and another edition of it may number stops otherwise.
    """
    feed = load_feed(feed_path(name))
    if register_path is None:
        return feed
    try:
        known = Register.loads(register_path.read_text("utf-8"))
    except FileNotFoundError:
        known = Register()
    except UnicodeDecodeError:
        raise RegisterBroken(1, f"{register_path} is not UTF-8") from None
    extended = known.extended(feed)
    if extended.dumps() != known.dumps() or not register_path.exists():
        write_whole(register_path, extended.dumps().encode())
    return feed.numbered_by(extended)
