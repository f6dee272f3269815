"""The running SHA-256 of a segment, by the interpreter's own code where it has that.

A tap hashes some 150 bytes right after the disk has had the processor to itself. OpenSSL is quicker for long texts and
in a loop; but here its many layers must come back from memory each time, and cost a tap 7 µs more. The digests are the
same.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash


def quickest() -> "Callable[[bytes], _Hash]":
    """What makes such a hash, begun with some bytes."""
    for module in ("_sha2", "_sha256"):  # since Python 3.12; before
        with suppress(ImportError):
            found: Callable[[bytes], _Hash] = import_module(module).sha256
            return found
    return hashlib.sha256


chain = quickest()
