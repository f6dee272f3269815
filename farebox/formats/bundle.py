"""Bundles: what a centre sends its terminals, and the bytes of it (CTR-3). docs/bundles.md tells them byte by byte.

A bundle is one CBOR array, `[schema, kind, version, made_at_s, *fields]`, in its only shortest form:

    hotlist     refused, no_auto_charge                  cards that are refused; cards that get no auto-charge (AUT-6)
    directives  cards, ends, entries                     per card what changes on it, and from which day on
    tariff      [[scheme, effective, text], ...]         operator files

    version     a whole number from 1; each kind counts for itself, and it only rises
    made_at_s   when the centre made it, in seconds since 1970

Cards are IDms, 8 bytes each, ascending and without a gap between them: a million of them is a million numbers in one
array and nothing else. The signature is a wrapper around these bytes, and no matter of this file.

Bytes are hostile until read (faults 31). They are read by the grammar above and not by a general reader: what it does
not name (maps, tags, lengths to follow, deeper arrays) is refused where it stands, before anything is built from it, so
that time grows with the length and memory with what is kept.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import islice, pairwise
from operator import lt
from typing import NamedTuple, TypeAlias

import cbor2

SCHEMA = 1
IDM_BYTES = 8
MOST_CARDS = 1 << 20
"""In each list."""
MOST_DIRECTIVES = 16
"""Of one card."""
MOST_ENTRIES_BYTES = 8 << 20
MOST_FILES = 64
MOST_FILE_BYTES = 256 << 10
MOST_BYTES = MOST_CARDS * (IDM_BYTES + 4) + MOST_ENTRIES_BYTES + 64
"""Of a whole bundle, whichever it is: the longest is one of directives."""
MOST_NUMBER = 0xFFFF
"""Of a directive: the card keeps the number of its last one in 16 bits."""
MOST_SECTIONS = 3
LAST_TIME_S = 253_402_200_000  # within the year 9999, as in the journal
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal() - _EPOCH
_MOST_YEN = 1_000_000
_SMALL = 0xFFFF
_VERSIONS = (1 << 63) - 1


class BundleError(ValueError):
    """Bytes that are no bundle, or values that may not stand in one: says what and where."""


class Kind(StrEnum):
    """What a bundle is for."""

    HOTLIST = "hotlist"
    DIRECTIVES = "directives"
    TARIFF = "tariff"


# -- values


class Cards:
    """IDms, ascending, as numbers of 64 bits in one flat array. A look takes 20 steps among a million."""

    __slots__ = ("_numbers",)

    def __init__(self, numbers: Sequence[int]) -> None:
        """Take them as they are; `cards_of` sorts."""
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cards) and self._numbers == other._numbers

    __hash__ = None  # type: ignore[assignment]  # flat, and long: nobody's key

    def __contains__(self, idm: bytes) -> bool:
        return self.place(idm) is not None

    def place(self, idm: bytes) -> int | None:
        """Where a card stands among them; None if it does not."""
        number = int.from_bytes(idm, "big")
        found = bisect_left(self._numbers, number)
        if found < len(self._numbers) and self._numbers[found] == number:
            return found
        return None

    def to_bytes(self) -> bytes:
        """As they stand in a bundle."""
        return _big_endian(array("Q", self._numbers)).tobytes()


class PassGiven(NamedTuple):
    """A pass sold, to stand on the card in place of the one that is there (PRT-5). Sections: from, to, one way, yen."""

    product: int
    company: int
    first_day: date
    last_day: date
    bearer: bool
    sections: tuple[tuple[int, int, bool, int], ...]
    area: int = 0
    line: int = 0


class AutoChargeSet(NamedTuple):
    """Auto-charge switched on, or its settings changed, all in yen (AUT-1, AUT-4)."""

    trigger_yen: int
    amount_yen: int
    day_cap_yen: int
    month_cap_yen: int


class AutoChargeOff(NamedTuple):
    """Auto-charge switched off (AUT-4)."""


class HolderChanged(NamedTuple):
    """Another kind of card: its holder (the card's own number), and its last day if it has one (LOC-2, CTR-3)."""

    holder: int
    expires: date | None


Change: TypeAlias = PassGiven | AutoChargeSet | AutoChargeOff | HolderChanged


class Directive(NamedTuple):
    """What changes on one card, from a day on. Numbers count for each card by itself, and are never used again."""

    number: int
    first_day: date
    changes: tuple[Change, ...]


class Hotlist(NamedTuple):
    """Cards that are refused (GEN-11), and cards that get no auto-charge (AUT-6)."""

    version: int
    made_at_s: int
    refused: Cards
    no_auto_charge: Cards


class Directives(NamedTuple):
    """What is still to be done to cards. Their entries stay bytes until asked for; `ends` are where each card's end."""

    version: int
    made_at_s: int
    cards: Cards
    ends: Sequence[int]
    entries: bytes

    def of(self, idm: bytes) -> tuple[Directive, ...]:
        """The directives of a card, in order; none for a card that is not there. Raises `BundleError`."""
        place = self.cards.place(idm)
        return () if place is None else self._at(place)

    def check(self) -> None:
        """Read every card's: `parse` alone leaves them unread. Raises `BundleError` for the first that is broken."""
        for place in range(len(self.cards)):
            self._at(place)

    def _at(self, place: int) -> tuple[Directive, ...]:
        start = self.ends[place - 1] if place else 0
        return _directives(_Reader(memoryview(self.entries)[start : self.ends[place]]))


class OperatorText(NamedTuple):
    """An operator file: its scheme, its first day, and its text, not yet understood."""

    scheme: str
    effective: date
    text: bytes


class Tariff(NamedTuple):
    """The operator files that hold from here on, all of them."""

    version: int
    made_at_s: int
    files: tuple[OperatorText, ...]


Bundle: TypeAlias = Hotlist | Directives | Tariff
KIND_OF: dict[type[Bundle], Kind] = {Hotlist: Kind.HOTLIST, Directives: Kind.DIRECTIVES, Tariff: Kind.TARIFF}


# -- writing, for a centre


def cards_of(idms: Iterable[bytes]) -> Cards:
    """Cards in any order, each as often as it likes."""
    return Cards(array("Q", sorted({int.from_bytes(idm, "big") for idm in idms})))


def encode_directive(directive: Directive) -> bytes:
    """A directive by itself, as it stands among a card's."""
    return cbor2.dumps(
        [directive.number, _number_of(directive.first_day), [_change_items(change) for change in directive.changes]]
    )


def directives_of(version: int, made_at_s: int, by_card: Mapping[bytes, Sequence[Directive]]) -> Directives:
    """The directives of many cards as one bundle."""
    return joined(version, made_at_s, {idm: [encode_directive(one) for one in by_card[idm]] for idm in by_card})


def joined(version: int, made_at_s: int, by_card: Mapping[bytes, Sequence[bytes]]) -> Directives:
    """The same, of directives that are encoded already. `encode` refuses more than `MOST_DIRECTIVES` of a card."""
    ends, entries = array("I"), bytearray()
    for idm in sorted(by_card):
        entries += _array_head(len(by_card[idm])) + b"".join(by_card[idm])
        ends.append(len(entries))
    return Directives(version, made_at_s, cards_of(by_card), ends, bytes(entries))


def _array_head(items: int) -> bytes:
    return bytes([0x80 | items]) if items < 24 else bytes([0x98, min(items, 0xFF)])


def encode(bundle: Bundle) -> bytes:
    """A bundle's bytes. Raises `BundleError` for all that `parse` and `check` would not take back."""
    start = [SCHEMA, KIND_OF[type(bundle)].value, bundle.version, bundle.made_at_s]
    match bundle:
        case Hotlist(refused=refused, no_auto_charge=no_auto_charge):
            fields: list[object] = [refused.to_bytes(), no_auto_charge.to_bytes()]
        case Directives(cards=cards, ends=ends, entries=entries):
            fields = [cards.to_bytes(), _big_endian(array("I", ends)).tobytes(), entries]
        case Tariff(files=files):
            fields = [[[one.scheme, one.effective.toordinal() - _EPOCH, one.text] for one in files]]
    data = cbor2.dumps(start + fields)
    read = parse(data)
    if isinstance(read, Directives):
        read.check()
    return data


def _change_items(change: Change) -> list[object]:
    match change:
        case PassGiven():
            days = (_number_of(change.first_day), _number_of(change.last_day))
            sections = [list(section) for section in change.sections]
            return [
                *("pass", change.product, change.company, *days),
                *(change.bearer, sections, change.area, change.line),
            ]
        case AutoChargeSet():
            return ["auto-charge", *change]
        case AutoChargeOff():
            return ["auto-charge-off"]
        case HolderChanged(holder=holder, expires=expires):
            return ["holder", holder, expires and _number_of(expires)]


def _number_of(day: date) -> int:
    return day.toordinal() - _EPOCH


def _big_endian(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


# -- reading


def kind_of(data: bytes) -> Kind:
    """Of which kind a bundle says it is. Raises `BundleError`."""
    return _start(_Reader(memoryview(data)))[0]


def parse(data: bytes) -> Bundle:
    """The bundle that these bytes are. Raises `BundleError` for any that `encode` would not write.

    The entries of directives are left for `Directives.check` and `Directives.of`, so that a terminal starts as fast
    with a hundred thousand of them as with none.
    """
    if len(data) > MOST_BYTES:
        raise BundleError(f"{len(data)} bytes, at most {MOST_BYTES} allowed")
    reader = _Reader(memoryview(data))
    kind, width, version, made_at_s = _start(reader)
    if width != (5 if kind is Kind.TARIFF else 4 + _FIELDS[kind]):
        raise BundleError(f"{kind}: an array of {width} items")
    match kind:
        case Kind.HOTLIST:
            bundle: Bundle = Hotlist(version, made_at_s, _cards(reader), _cards(reader))
        case Kind.DIRECTIVES:
            bundle = _table(reader, version, made_at_s)
        case Kind.TARIFF:
            bundle = Tariff(version, made_at_s, _files(reader))
    reader.end()
    return bundle


_FIELDS = {Kind.HOTLIST: 2, Kind.DIRECTIVES: 3, Kind.TARIFF: 1}


def _start(reader: "_Reader") -> tuple[Kind, int, int, int]:
    width = reader.array(16, "a bundle")
    schema = reader.whole(_SMALL, "schema")
    if schema != SCHEMA:
        raise BundleError(f"schema {schema} is not {SCHEMA}, which this software reads")
    word = reader.text(16, "kind")
    if word not in set(Kind):
        raise BundleError(f"kind: {word!r} is none of {', '.join(Kind)}")
    version = reader.whole(_VERSIONS, "version")
    if not version:
        raise BundleError("version: 0; they count from 1")
    return Kind(word), width, version, reader.whole(LAST_TIME_S, "made_at_s")


def _cards(reader: "_Reader") -> Cards:
    octets = reader.octets(MOST_CARDS * IDM_BYTES, "cards")
    if len(octets) % IDM_BYTES:
        raise BundleError(f"cards: {len(octets)} bytes, no whole number of IDms")
    numbers = array("Q")
    numbers.frombytes(octets)
    _big_endian(numbers)
    if not all(map(lt, numbers, islice(numbers, 1, None))):
        raise BundleError("cards: not ascending, or one is twice there")
    return Cards(numbers)


def _table(reader: "_Reader", version: int, made_at_s: int) -> Directives:
    cards = _cards(reader)
    octets = reader.octets(MOST_CARDS * 4, "ends")
    entries = reader.octets(MOST_ENTRIES_BYTES, "entries")
    if len(octets) != 4 * len(cards):
        raise BundleError(f"ends: {len(octets)} bytes for {len(cards)} cards")
    ends = array("I")
    ends.frombytes(octets)
    _big_endian(ends)
    if not all(map(lt, ends, islice(ends, 1, None))) or (ends[-1] if ends else 0) != len(entries):
        raise BundleError("ends: not ascending, or not those of the entries")
    return Directives(version, made_at_s, cards, ends, bytes(entries))


def read_directive(data: bytes) -> Directive:
    """The directive that `encode_directive` wrote. Raises `BundleError`."""
    reader = _Reader(memoryview(data))
    found = _directive(reader)
    reader.end()
    return found


def _directive(reader: "_Reader") -> Directive:
    reader.array_of(3, "directive")
    number, first_day = reader.whole(MOST_NUMBER, "directive number"), reader.day("first day")
    return Directive(number, first_day, _changes(reader, first_day))


def _files(reader: "_Reader") -> tuple[OperatorText, ...]:
    files: list[OperatorText] = []
    for _ in range(reader.array(MOST_FILES, "files")):
        reader.array_of(3, "file")
        scheme = reader.text(64, "scheme")
        files.append(OperatorText(scheme, reader.day("effective"), bytes(reader.octets(MOST_FILE_BYTES, "file"))))
    places = [(one.scheme, one.effective) for one in files]
    if any(one >= other for one, other in pairwise(places)):
        raise BundleError("files: not ascending by scheme and day, or one is twice there")
    return tuple(files)


def _directives(reader: "_Reader") -> tuple[Directive, ...]:
    """One card's, in order of number and of day alike: a later number never waits behind an earlier day (CTR-3)."""
    found = [_directive(reader) for _ in range(reader.array(MOST_DIRECTIVES, "directives"))]
    reader.end()
    if not found:
        raise BundleError("directives: a card without any")
    if not found[0].number or any(one.number >= other.number for one, other in pairwise(found)):
        raise BundleError("directives: numbers count from 1 and rise")
    if any(one.first_day > other.first_day for one, other in pairwise(found)):
        raise BundleError("directives: a first day before that of a lower number")
    return tuple(found)


def _changes(reader: "_Reader", first_day: date) -> tuple[Change, ...]:
    changes: list[Change] = []
    for _ in range(reader.array(3, "changes")):
        width = reader.array(9, "change")
        word = reader.text(16, "change")
        if _WIDTHS.get(word) != width:
            raise BundleError(f"change: {word!r} with {width} items")
        changes.append(_change(reader, word))
    places = [_PLACES[type(change)] for change in changes]
    if not places or any(one >= other for one, other in pairwise(places)):
        raise BundleError("changes: none, one twice, or out of order (pass, auto-charge, holder)")
    given = changes[0]
    if isinstance(given, PassGiven) and not given.first_day <= min(given.last_day, first_day):
        # Written any earlier, it would push out a pass that is still good.
        raise BundleError("pass: ends before it begins, or begins after the first day of its directive")
    return tuple(changes)


_WIDTHS = {"pass": 9, "auto-charge": 5, "auto-charge-off": 1, "holder": 3}
_PLACES: dict[type[Change], int] = {PassGiven: 0, AutoChargeSet: 1, AutoChargeOff: 1, HolderChanged: 2}


def _change(reader: "_Reader", word: str) -> Change:
    match word:
        case "pass":
            return PassGiven(
                product=reader.whole(_SMALL, "product"),
                company=reader.whole(_SMALL, "company"),
                first_day=reader.day("pass, first day"),
                last_day=reader.day("pass, last day"),
                bearer=reader.flag("bearer"),
                sections=tuple([_section(reader) for _ in range(reader.array(MOST_SECTIONS, "sections"))]),
                area=reader.whole(_SMALL, "area"),
                line=reader.whole(_SMALL, "line"),
            )
        case "auto-charge":
            return AutoChargeSet(*[reader.whole(_MOST_YEN, "yen") for _ in range(4)])
        case "auto-charge-off":
            return AutoChargeOff()
        case _:
            return HolderChanged(reader.whole(_SMALL, "holder"), reader.day_if_any("expires"))


def _section(reader: "_Reader") -> tuple[int, int, bool, int]:
    reader.array_of(4, "section")
    ends = reader.whole(_SMALL, "from stop"), reader.whole(_SMALL, "to stop")
    return *ends, reader.flag("one way"), reader.whole(_MOST_YEN, "priced fare")


class _Reader:
    """CBOR from front to back, each item as the one that is expected there, in its shortest form."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def whole(self, most: int, what: str) -> int:
        return self._head(0, most, what)

    def array(self, most: int, what: str) -> int:
        return self._head(4, most, what)

    def array_of(self, width: int, what: str) -> None:
        found = self._head(4, width, what)
        if found != width:
            raise self._wrong(f"{what}: {found} items, not {width}")

    def octets(self, most: int, what: str, major: int = 2) -> memoryview:
        size = self._head(major, most, what)
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise self._wrong(f"{what}: cut off")
        self._at += size
        return taken

    def text(self, most: int, what: str) -> str:
        try:
            return str(self.octets(most, what, major=3), "utf-8")
        except UnicodeDecodeError:
            raise self._wrong(f"{what}: not UTF-8") from None

    def day(self, what: str) -> date:
        return date.fromordinal(_EPOCH + self.whole(_LAST_DAY, what))

    def day_if_any(self, what: str) -> date | None:
        if self._next(what) != _NULL:
            return self.day(what)
        self._at += 1
        return None

    def flag(self, what: str) -> bool:
        found = self._next(what)
        if found not in (_FALSE, _TRUE):
            raise self._wrong(f"{what}: neither true nor false")
        self._at += 1
        return found == _TRUE

    def end(self) -> None:
        if self._at != len(self._data):
            raise self._wrong("bytes after the end")

    def _next(self, what: str) -> int:
        if self._at >= len(self._data):
            raise self._wrong(f"{what}: cut off")
        return self._data[self._at]

    def _head(self, major: int, most: int, what: str) -> int:
        """An item's head (RFC 8949, 3.1): its major type, and the number in it, 23 at most or in 1, 2, 4 or 8 bytes."""
        first = self._next(what)
        if first >> 5 != major:
            raise self._wrong(f"{what}: {first:02x} begins something else")
        value, extra = first & 0x1F, 0
        if value >= 24:
            if value > 27:
                raise self._wrong(f"{what}: a length to follow, or none that there is")
            extra = 1 << (value - 24)
            octets = self._data[self._at + 1 : self._at + 1 + extra]
            value = int.from_bytes(octets, "big")
            if len(octets) != extra:
                raise self._wrong(f"{what}: cut off")
            if value < (24 if extra == 1 else 1 << 4 * extra):
                raise self._wrong(f"{what}: not in its shortest form")
        if value > most:
            raise self._wrong(f"{what}: {value}, at most {most} allowed")
        self._at += 1 + extra
        return value

    def _wrong(self, what: str) -> BundleError:
        return BundleError(f"{what} (byte {self._at})")


_FALSE, _TRUE, _NULL = 0xF4, 0xF5, 0xF6
