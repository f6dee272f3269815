"""The journal's sealed segments: what stands in its folder, and what is sent to the centre."""

from farebox.formats import cose, segment
from farebox.formats.strict import RecordError
from farebox.journal.errors import JournalFault
from farebox.journal.log import recover_folder
from sim.hardware.memory_disk import MemoryFolder
from tests.fuzz.bus_targets import AT_S, journal_bytes
from tests.fuzz.target import Target
from tests.journal.examples import intent
from tests.journal.test_sealing import HEAD, SEAL

_CHUNK_BYTES = 1 << 13


def _segment(data: bytes) -> None:
    """Found as the active segment at a start; what is recovered, or comes after a quarantine, can be appended to."""
    folder = MemoryFolder()
    disk = folder.create("00000001.segment")
    disk.allocate(len(data))
    disk.pwrite(data, 0)
    journal = recover_folder(folder, "fuzz", _CHUNK_BYTES).journal
    journal.intend(intent(), AT_S)
    journal.seal()
    journal.close()


TARGETS: dict[str, Target] = {
    "segment-file": Target(_segment, (JournalFault,), (journal_bytes(), b"", bytes(64))),
    "segment-head": Target(segment.decode_head, (RecordError,), (segment.encode_head(HEAD),)),
    "segment-seal": Target(
        lambda data: cose.holds(segment.decode_seal(data)[1]), (RecordError,), (segment.encode_seal(SEAL, bytes(32)),)
    ),
}
