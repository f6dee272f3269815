"""A vehicle's journal, sealed by a real terminal's code, and what it says to the centre."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from django.http import HttpResponseBase
from django.test import Client

from centre.collector.asked import content_digest
from centre.collector.models import Vehicle
from centre.collector.vehicles import add_vehicle
from farebox.formats import journal as j
from farebox.formats.cose import public_key_of
from farebox.formats.frames import scan
from farebox.formats.segment import Seal
from farebox.journal.log import recover_folder
from sim.hardware.memory_disk import MemoryFolder
from tests.journal.examples import AT_S

BUS = "BUS-7"
SEED, OTHER_SEED = b"\x07" * 32, b"\x08" * 32
KEY, OTHER_KEY = public_key_of(SEED).hex(), public_key_of(OTHER_SEED).hex()
TOKEN = "5e" * 32
RECORDS = 3
"""Of each segment of these journals."""
NOTHING: Mapping[str, str] = MappingProxyType({})
_CHUNK = 16_384


def journal(duties: int = 3, terminal_id: str = BUS, seed: bytes = SEED, *, tag: str = "") -> list[bytes]:
    """So many sealed segments of one journal, lowest first. Another `tag` makes another journal."""
    return _sealed(MemoryFolder(), duties, terminal_id, seed, tag)


def forked(at: int, duties: int) -> tuple[list[bytes], list[bytes]]:
    """Two journals of one vehicle that are one up to segment `at` - 1: a disk's image was put back."""
    shared = MemoryFolder()
    first = _sealed(shared, at - 1, BUS, SEED, "")
    mine, other = (_sealed(shared.after_kill(), duties, BUS, SEED, tag) for tag in "ab")
    return first + mine, first + other


def _sealed(folder: MemoryFolder, duties: int, terminal_id: str, seed: bytes, tag: str) -> list[bytes]:
    kept = recover_folder(folder, terminal_id, _CHUNK, seed).journal
    for duty in range(duties):
        kept.append(j.Opened(terminal_id, "1", 0), AT_S)
        for record in range(RECORDS - 1):
            kept.append(j.TripEnded(f"{tag}{duty}.{record}"), AT_S)
        kept.seal()
    kept.close()
    found = [bytes(disk.cache) for name, disk in sorted(folder.disks.items()) if name.endswith(".segment")]
    return [data[: scan(data).sealed_end] for data in found if scan(data).seal is not None][-duties:]


def seal_of(data: bytes) -> Seal:
    seal = scan(data).seal
    assert seal is not None
    return seal


class Sender(NamedTuple):
    """Somebody with a token."""

    token: str = TOKEN

    def path(self, data: bytes) -> str:
        seal = seal_of(data)
        return f"/bus/segments/{seal.number}/{seal.digest.hex()}"

    def asks(self, method: str, path: str, body: bytes = b"", **headers: str) -> HttpResponseBase:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {self.token}", **named}
        client = Client(CONTENT_LENGTH="0") if not body and method != "GET" else Client()  # by itself it says no 0
        return client.generic(method, path, body, "application/partial-upload", headers=given)

    def looks(self, data: bytes) -> HttpResponseBase:
        return self.asks("GET", self.path(data))

    def sends(
        self, data: bytes, *, at: int = 0, to: int | None = None, path: str = "", otherwise: Mapping[str, str] = NOTHING
    ) -> HttpResponseBase:
        """A piece of a segment, from one byte to another; the whole by default."""
        piece = data[at:to]
        said = {
            "Upload_Offset": str(at),
            "Upload_Length": str(len(data)),
            "Upload_Complete": "?1" if at + len(piece) == len(data) else "?0",
            "Content_Digest": content_digest(piece),
        }
        return self.asks("PATCH", path or self.path(data), piece, **{**said, **otherwise})


def registered(terminal_id: str = BUS, key: str = KEY, token: str = TOKEN) -> Vehicle:
    add_vehicle(terminal_id, [key], token)
    return Vehicle.objects.get(terminal_id=terminal_id)
