"""A centre in memory (模擬): what docs/exchange.md asks of one, and nothing else. It is durable where it says so.

What the network makes of a request is its fate: `FATES`, by name.
"""

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import sha256

from farebox.exchange.answers import Answer
from farebox.exchange.faults import LineCut
from farebox.exchange.line import Request
from farebox.formats import cose
from farebox.formats.centre import Held, Time, encode_held, encode_time
from farebox.formats.frames import scan

SEED = sha256(b"the centre of the bench").digest()
KEYS = (cose.public_key_of(SEED),)
TOKEN = "5e" * 32
NOW_S = 1_795_000_000

Key = tuple[int, str]
"""A segment's number, and its digest in hex."""


def answer(status: int, body: bytes = b"", **headers: object) -> Answer:
    """An answer, its headers by their names."""
    return Answer(status, {name.replace("_", "-"): str(value) for name, value in headers.items()}, body)


def declined(status: int, code: str, detail: str = "", **headers: object) -> Answer:
    """A refusal, by its code."""
    return answer(status, json.dumps({"code": code, "detail": detail}).encode(), **headers)


class Centre:
    """Whatever is in `partial`, `receipts` and `booked` is on its disk."""

    def __init__(self) -> None:
        self.partial: dict[Key, bytes] = {}
        self.receipts: dict[Key, bytes] = {}
        self.segments: dict[int, bytes] = {}
        self.booked: Counter[Key] = Counter()
        self.bundles: dict[str, bytes] = {}
        self.wanted: list[int] = []
        self.statuses: list[dict[str, object]] = []
        self.asked: list[Request] = []
        self.at_s = NOW_S
        self.seed = SEED
        self.keeps: Callable[[bytes], bytes] = lambda piece: piece
        """How much of a piece becomes durable."""
        self.refuses: dict[int, Answer] = {}
        self.full = False

    def answer(self, request: Request) -> Answer:
        """What it says to a request."""
        self.asked.append(request)
        path, _, query = request.path.partition("?")
        if path == "time":
            return answer(200, encode_time(Time(bytes.fromhex(query.removeprefix("nonce=")), self.at_s), self.seed))
        if ("Authorization", f"Bearer {TOKEN}") not in request.headers:
            return declined(401, "unknown-token")
        headers = {name.lower(): value for name, value in request.headers}
        match path.split("/"):
            case ["status"]:
                self.statuses.append(json.loads(request.body))
                return answer(200, json.dumps({"wanted": self.wanted}).encode()) if self.wanted else answer(204)
            case ["bundles", kind]:
                return self._bundle(kind, headers)
            case ["segments", number, digest]:
                return self._segment((int(number), digest), request, headers)
        return declined(404, "unknown-path")

    def _bundle(self, kind: str, headers: dict[str, str]) -> Answer:
        data = self.bundles.get(kind)
        if data is None:
            return declined(404, "none-yet")
        etag = f'"{sha256(data).hexdigest()}"'
        if etag in headers.get("if-none-match", ""):
            return answer(304, etag=etag)
        if headers.get("if-match", etag) != etag:
            return declined(412, "another-one")
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", headers["range"]).groups())  # type: ignore[union-attr]
        if first >= len(data):
            return declined(416, "past-the-end")
        piece = data[first : last + 1]
        place = f"bytes {first}-{first + len(piece) - 1}/{len(data)}"
        return answer(206, piece, etag=etag, content_range=place)

    def _segment(self, key: Key, request: Request, headers: dict[str, str]) -> Answer:
        if key in self.receipts:
            return answer(200, self.receipts[key])
        if key[0] in self.refuses:
            return self.refuses[key[0]]
        here = self.partial.get(key, b"")
        if request.method == "GET":
            return answer(204, upload_offset=len(here))
        if self.full:
            return declined(507, "full", retry_after=600)
        if int(headers["upload-offset"]) != len(here):
            return declined(409, "other-offset", upload_offset=len(here))
        if headers["content-digest"] != f"sha-256=:{b64encode(sha256(request.body).digest()).decode()}:":
            return declined(400, "bad-digest")
        complete = len(here) + len(request.body) == int(headers["upload-length"])
        if headers["upload-complete"] != ("?1" if complete else "?0"):
            return declined(400, "other-length")
        self.partial[key] = here + self.keeps(request.body)
        if len(self.partial[key]) < int(headers["upload-length"]):
            return answer(204, upload_offset=len(self.partial[key]))
        return self.ingest(key)

    def ingest(self, key: Key) -> Answer:
        """Whole or nothing: checked, booked, and the receipt, in one step."""
        data = self.partial.pop(key)
        found = scan(data)
        seal = found.seal
        sound = found.problem is None and seal is not None and found.signed is not None and cose.holds(found.signed)
        if seal is None or not sound or (seal.number, seal.digest.hex()) != key:
            return declined(422, "altered")
        self.booked[key] += 1
        self.segments[key[0]] = data
        self.receipts[key] = encode_held(Held(*seal[:4], seal.digest, self.at_s), self.seed)
        return answer(200, self.receipts[key])


class MemoryLine:
    """A line to it without a network. `fate` decides what becomes of each request: the answer, or LineCut."""

    def __init__(self, centre: Centre, fate: Callable[[Centre, Request], Answer] | None = None) -> None:
        self.centre = centre
        self.fate = fate or (lambda centre, request: centre.answer(request))
        self.valid: list[int] = []
        self.closed = False

    def ask(self, request: Request, most_bytes: int) -> Answer:
        """One request. Raises LineCut."""
        assert not self.closed
        came = self.fate(self.centre, request)
        assert len(came.body) <= most_bytes
        return came

    def valid_at(self, at_s: int) -> None:
        """Asked for the moment at which its certificate has to hold."""
        self.valid.append(at_s)

    def hang_up(self) -> None:
        """Over."""
        self.closed = True

    close = hang_up


def never_arrives(centre: Centre, request: Request) -> Answer:
    """Cut on the way there."""
    raise LineCut("cut on the way there")


def answer_lost(centre: Centre, request: Request) -> Answer:
    """Cut on the way back."""
    centre.answer(request)
    raise LineCut("cut on the way back")


def twice(centre: Centre, request: Request) -> Answer:
    """It comes there two times."""
    centre.answer(request)
    return centre.answer(request)


def arrives(centre: Centre, request: Request) -> Answer:
    """As it should."""
    return centre.answer(request)


def half_arrives(centre: Centre, request: Request) -> Answer:
    """The centre keeps a part of the piece, and the line is cut."""
    before = centre.keeps
    centre.keeps = lambda piece: piece[: len(piece) // 2]
    try:
        centre.answer(request)
    finally:
        centre.keeps = before
    raise LineCut("cut in the middle")


def says_nonsense(centre: Centre, request: Request) -> Answer:
    """What it says is no receipt."""
    centre.answer(request)
    return answer(200, b"OK")


def redirects(centre: Centre, request: Request) -> Answer:
    """It sends us elsewhere."""
    return answer(302, location="https://elsewhere.example/")


def is_full(centre: Centre, request: Request) -> Answer:
    """It has no room."""
    return declined(507, "full")


def forgets(centre: Centre, request: Request) -> Answer:
    """It loses what it had of unfinished segments, which it never said was a segment."""
    centre.partial.clear()
    return centre.answer(request)


def garbles(centre: Centre, request: Request) -> Answer:
    """What it has of unfinished segments rots."""
    centre.partial = {key: bytes(len(data)) for key, data in centre.partial.items()}
    return centre.answer(request)


FATES: dict[str, Callable[[Centre, Request], Answer]] = {
    "arrives": arrives,
    "never arrives": never_arrives,
    "answer lost": answer_lost,
    "twice": twice,
    "half arrives": half_arrives,
    "says nonsense": says_nonsense,
    "redirects": redirects,
    "is full": is_full,
    "forgets": forgets,
    "garbles": garbles,
}
"""What can become of a request (faults 32 to 37)."""
