"""What vehicles send to the centre, or whoever has a token: a status, a piece's headers, a whole segment."""

from centre.collector import asked
from centre.collector.answers import Refusal
from centre.collector.asked import Name
from centre.collector.checking import Whose, checked, named
from farebox.formats.cose import BENCH_KEY
from farebox.formats.frames import scan, sealed
from farebox.journal.retention import Archive
from sim.hardware.memory_disk import MemoryFolder
from tests.farebox.exchange.bus import seal_duties
from tests.fuzz.target import Target, in_pieces, pieces

_WHOSE = Whose("", frozenset({BENCH_KEY.hex()}))
_ARCHIVE = Archive(seal_duties(MemoryFolder(), 2), "fuzz")
_FIRST, _SECOND = (_ARCHIVE.load(number).data for number in (1, 2))
_HEADERS = ("Content-Length", "Upload-Offset", "Upload-Length", "Upload-Complete", "Content-Digest")


def _status(data: bytes) -> None:
    """A value in bounds, or a refusal that says so."""
    told = asked.status(data)
    if isinstance(told, Refusal):
        assert told.status == 400 and told.code == "bad-status"
        return
    assert max(len(told.waiting), len(told.aside)) <= asked.MOST_TOLD and told.software.isprintable()
    assert all(0 < number <= asked.MOST_NUMBER for number in (*told.waiting, *told.aside))


def _piece(data: bytes) -> None:
    """Headers, each in a piece of the data, and the body: what is taken lies within the whole, and is what it says."""
    texts = [part.decode("latin-1") for part in pieces(data)]
    headers = dict(zip(_HEADERS, texts, strict=False))
    body = texts[-1].encode("latin-1") if texts else b""
    length = asked.body_length(headers, asked.MOST_PIECE_BYTES)
    assert isinstance(length, Refusal) or 0 <= length <= asked.MOST_PIECE_BYTES
    piece = asked.sent(headers, body)
    if not isinstance(piece, Refusal):
        assert piece.offset_bytes + len(body) <= piece.length_bytes <= asked.MOST_SEGMENT_BYTES
        assert headers["Content-Digest"] == asked.content_digest(body)


def _segment(data: bytes) -> None:
    """What is held is whole to whoever reads its records, but for what they say; and all that is whole is held."""
    found, read = sealed(data), scan(data)
    if isinstance(found, str):
        assert read.problem is not None or read.seal is None or read.sealed_end != len(data)
        assert isinstance(checked(data, Name(1, "00" * 32), _WHOSE), Refusal)
        return
    assert read.seal in (found.seal, None)
    came = checked(data, named(found), _WHOSE)
    assert isinstance(came, Refusal) or came == found


_BODY = b"a piece"
TARGETS: dict[str, Target] = {
    "collector-status": Target(
        _status,
        (),
        (
            b'{"software": "0.1.0", "waiting": [7, 8], "aside": [5], "bundles": {"hotlist": 4, "tariff": 2}}',
            b'{"waiting": [9223372036854775808]}',
        ),
    ),
    "collector-piece": Target(
        _piece, (), (in_pieces(b"7", b"0", b"7", b"?1", asked.content_digest(_BODY).encode(), _BODY), in_pieces(b"-1"))
    ),
    "collector-segment": Target(_segment, (), (_FIRST, _SECOND, _FIRST[:-1])),
}
