"""The centre's public keys, by which a terminal knows what the centre said: bundles, receipts, the time.

    centre_keys("/etc/farebox/centre.pub")     a file: 64 hex digits a line, # begins a comment
    centre_keys("bench")                       the bench key, public by design (模擬)

There may be a few, so that the centre can change its key while buses are on the road.
"""

import re
from pathlib import Path

from farebox.config import BENCH_KEYS
from farebox.formats.cose import BENCH_KEY
from reader.keys import KeyStoreFault

MOST_KEYS = 4
_MOST_FILE_BYTES = 4096


def centre_keys(where: str | Path) -> tuple[bytes, ...]:
    """The keys at a place, in its order. Raises reader.keys.KeyStoreFault."""
    if str(where) == BENCH_KEYS:
        return (BENCH_KEY,)
    try:
        with Path(where).open("rb") as file:
            text = file.read(_MOST_FILE_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyStoreFault(f"{where}: can't be read ({type(error).__name__}); it has the centre's keys") from None
    lines = [line for each in text.splitlines() if (line := each.split("#")[0].strip())]
    if not 1 <= len(lines) <= MOST_KEYS or len(text) > _MOST_FILE_BYTES:
        raise KeyStoreFault(f"{where}: {len(lines)} lines; 1 to {MOST_KEYS} public keys of the centre belong there")
    for line in lines:
        if re.fullmatch("[0-9a-fA-F]{64}", line) is None:
            raise KeyStoreFault(f"{where}: {line[:20]!r} is not 64 hex digits, a public key")
    return tuple(map(bytes.fromhex, lines))
