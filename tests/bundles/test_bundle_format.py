"""The bytes of bundles: read back as they were written, and nothing else is read (CTR-3, faults 31)."""

from datetime import date, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.formats import bundle as b
from farebox.formats.bundle import (
    AutoChargeOff,
    AutoChargeSet,
    BundleError,
    Cards,
    Directive,
    Directives,
    HolderChanged,
    Hotlist,
    Kind,
    PassGiven,
    cards_of,
    directives_of,
    encode,
    kind_of,
    parse,
)
from tests.bundles.examples import (
    DIRECTIVES,
    FIRST_DAY,
    FOR_TWO_CARDS,
    GROWN_UP,
    HOTLIST,
    IDM,
    MADE_AT_S,
    ONE_OF_EACH,
    OTHER_IDM,
    RENEWAL,
    SETTINGS,
    tariff,
)


def days_of(day: date) -> int:
    return (day - date(1970, 1, 1)).days


@pytest.mark.parametrize("bundle", ONE_OF_EACH, ids=lambda bundle: type(bundle).__name__)
def test_ctr_3_a_bundle_is_read_back_as_it_was_written(bundle: b.Bundle) -> None:
    data = encode(bundle)
    assert parse(data) == bundle
    assert kind_of(data) is b.KIND_OF[type(bundle)]


@pytest.mark.parametrize("version", [1, 23, 24, 255, 256, 65_535, 65_536, (1 << 32) - 1, 1 << 32, (1 << 63) - 1])
def test_ctr_3_versions_of_any_length_are_read_back(version: int) -> None:
    data = encode(HOTLIST._replace(version=version))
    assert parse(data) == HOTLIST._replace(version=version)
    with pytest.raises(BundleError):
        parse(data[:17])


def test_the_worked_example_of_the_page_byte_by_byte() -> None:
    assert encode(Hotlist(4, MADE_AT_S, cards_of([OTHER_IDM, IDM]), cards_of([]))) == bytes.fromhex(
        "86"  # an array of six
        "01"  # schema
        "67 686f746c697374"  # hotlist
        "04"  # version
        "1a 6afd86c0"  # made at
        "50 012e000000000001 012e000000000002"  # refused
        "40"  # no auto-charge: nobody
    )


def test_a_directive_is_read_back_for_its_card_alone() -> None:
    read = parse(encode(FOR_TWO_CARDS))
    assert isinstance(read, Directives)
    assert read.of(IDM)[:2] == DIRECTIVES
    assert read.of(OTHER_IDM) == DIRECTIVES[:1]
    assert read.of(bytes(8)) == read.of(b"\xff" * 8) == ()


_days = st.dates(date(1970, 1, 1), date(9999, 12, 31))
_small = st.integers(0, 0xFFFF)
_yen = st.integers(0, 1_000_000)


@st.composite
def _passes(draw: st.DrawFn, until: date) -> PassGiven:
    first_day = draw(st.dates(date(1970, 1, 1), until))
    last_day = draw(st.dates(first_day, date.max))
    sections = draw(st.lists(st.tuples(_small, _small, st.booleans(), _yen), max_size=3))
    numbers = draw(st.tuples(_small, _small, st.booleans(), _small, _small))
    return PassGiven(*numbers[:2], first_day, last_day, numbers[2], tuple(sections), *numbers[3:])


@st.composite
def directives(draw: st.DrawFn) -> tuple[Directive, ...]:
    numbers = sorted(draw(st.sets(st.integers(1, 0xFFFF), min_size=1, max_size=6)))
    first_days = sorted(draw(st.lists(_days, min_size=len(numbers), max_size=len(numbers))))
    made = []
    for number, day in zip(numbers, first_days, strict=True):
        kinds = draw(st.sets(st.sampled_from(("pass", "charge", "holder")), min_size=1))
        changes: list[b.Change] = []
        if "pass" in kinds:
            changes.append(draw(_passes(day)))
        if "charge" in kinds:
            settings = st.builds(AutoChargeSet, _yen, _yen, _yen, _yen)
            changes.append(draw(st.one_of(settings, st.just(AutoChargeOff()))))
        if "holder" in kinds:
            changes.append(draw(st.builds(HolderChanged, _small, st.none() | _days)))
        made.append(Directive(number, day, tuple(changes)))
    return tuple(made)


@given(st.dictionaries(st.binary(min_size=8, max_size=8), directives(), max_size=5))
def test_ctr_3_any_directives_of_any_cards_are_read_back(by_card: dict[bytes, tuple[Directive, ...]]) -> None:
    read = parse(encode(directives_of(1, 0, by_card)))
    assert isinstance(read, Directives)
    assert {idm: read.of(idm) for idm in by_card} == by_card


@given(st.sets(st.binary(min_size=8, max_size=8), max_size=40), st.binary(min_size=8, max_size=8))
def test_a_look_finds_the_cards_that_are_there_and_no_other(idms: set[bytes], other: bytes) -> None:
    read = parse(encode(Hotlist(1, 0, cards_of(idms), cards_of([other]))))
    assert isinstance(read, Hotlist)
    assert all(idm in read.refused for idm in idms)
    assert (other in read.refused) == (other in idms)
    assert other in read.no_auto_charge


class CountedLooks:
    """A row of numbers that counts how often it is looked at."""

    def __init__(self, size: int) -> None:
        self.size, self.looks = size, 0

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: Any) -> Any:
        self.looks += 1
        return 2 * place


@pytest.mark.parametrize(("size", "most_looks"), [(0, 0), (1, 2), (1_000, 11), (1_000_000, 21)])
def test_performance_j_a_look_among_a_million_cards_takes_21_steps(size: int, most_looks: int) -> None:
    numbers: Any = CountedLooks(size)
    for number in (0, 1, size, 2 * size - 2, 2 * size):
        numbers.looks = 0
        assert (max(number, 0).to_bytes(8, "big") in Cards(numbers)) == (number % 2 == 0 and 0 <= number < 2 * size)
        assert numbers.looks <= most_looks


def test_performance_j_a_million_cards_are_eight_megabytes_and_no_objects() -> None:
    data = encode(Hotlist(1, 0, Cards(range(0, 3_000_000, 3)), cards_of([])))
    assert len(data) < 8_000_100
    read = parse(data)
    assert isinstance(read, Hotlist)
    assert read.refused._numbers.itemsize == 8  # type: ignore[attr-defined]
    assert (3).to_bytes(8, "big") in read.refused and (4).to_bytes(8, "big") not in read.refused


# -- what is refused


def raw(*items: object) -> bytes:
    return cbor2.dumps([1, *items])


def entry(*directives: object) -> bytes:
    """A bundle of directives for one card, whatever they are."""
    entries = cbor2.dumps(list(directives))
    return raw("directives", 1, 0, IDM, len(entries).to_bytes(4, "big"), entries)


_HOTLIST = encode(HOTLIST)

FAULTY: dict[str, bytes] = {
    "nothing": b"",
    "cut off": _HOTLIST[:-1],
    "bytes after the end": _HOTLIST + b"\0",
    "a tag": b"\xc1" + _HOTLIST,
    "a map": cbor2.dumps({"kind": "hotlist"}),
    "a map with a key twice": bytes.fromhex("a2 01 01 01 02"),
    "an array of a length to follow": b"\x9f" + _HOTLIST[1:] + b"\xff",
    "bytes of a length to follow": _HOTLIST[:-9] + b"\x5f\x48" + IDM + b"\xff",
    "a length that is reserved": b"\x9c" + _HOTLIST[1:],
    "not the shortest form": b"\x98\x06" + _HOTLIST[1:],
    "arrays in arrays": b"\x81" * 100_000,
    "more bytes than there are": raw("hotlist", 1, 0, b"")[:-1] + b"\x5b" + b"\xff" * 8,
    "more cards than there may be": raw("hotlist", 1, 0)[:-1] + b"\0\x5a\x01\x00\x00\x00" + bytes(99),
    "another schema": cbor2.dumps([2, "hotlist", 1, 0, b"", b""]),
    "another kind": raw("software", 1, 0, b""),
    "a kind that is no text": raw(b"hotlist", 1, 0, b"", b""),
    "a kind that is not UTF-8": _HOTLIST.replace(b"hotlist", b"hotlis\xff"),
    "version 0": raw("hotlist", 0, 0, b"", b""),
    "version -1": raw("hotlist", -1, 0, b"", b""),
    "version 2**63": raw("hotlist", 1 << 63, 0, b"", b""),
    "version true": raw("hotlist", True, 0, b"", b""),
    "version 1.0": raw("hotlist", 1.0, 0, b"", b""),
    "after the year 9999": raw("hotlist", 1, 253_402_200_001, b"", b""),
    "a field too many": raw("hotlist", 1, 0, b"", b"", b""),
    "a field too few": raw("hotlist", 1, 0, b""),
    "half a card": raw("hotlist", 1, 0, IDM[:7], b""),
    "cards out of order": raw("hotlist", 1, 0, OTHER_IDM + IDM, b""),
    "a card twice": raw("hotlist", 1, 0, b"", IDM + IDM),
    "ends of other cards": raw("directives", 1, 0, IDM, b"", b""),
    "ends before the end": raw("directives", 1, 0, IDM, (1).to_bytes(4, "big"), b"\x80\x80"),
    "ends that go back": raw("directives", 1, 0, IDM + OTHER_IDM, bytes(8), b""),
    "entries of nobody": raw("directives", 1, 0, b"", b"", b"\x80"),
    "operator files out of order": raw("tariff", 1, 0, [["b", 1, b""], ["a", 1, b""]]),
    "an operator file twice": raw("tariff", 1, 0, [["a", 1, b""], ["a", 1, b"x"]]),
    "an operator file of two items": raw("tariff", 1, 0, [["a", 1]]),
    "an operator file too long": raw("tariff", 1, 0, [["a", 1, bytes(b.MOST_FILE_BYTES + 1)]]),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faults_31_hostile_bytes_are_no_bundle(name: str) -> None:
    with pytest.raises(BundleError):
        parse(FAULTY[name])


def test_a_bundle_that_is_too_long_is_not_even_begun() -> None:
    with pytest.raises(BundleError, match="at most"):
        parse(bytes(b.MOST_BYTES + 1))


DAY = days_of(FIRST_DAY)
_PASS = ["pass", 1, 0, DAY, DAY + 30, False, [], 0, 0]
_OFF = ["auto-charge-off"]

_ONE = cbor2.dumps([[1, DAY, [_OFF]]])

FAULTY_DIRECTIVES: dict[str, bytes] = {
    "none": entry(),
    "number 0": entry([0, DAY, [_OFF]]),
    "a number over 16 bits": entry([1 << 16, DAY, [_OFF]]),
    "a number twice": entry([1, DAY, [_OFF]], [1, DAY, [_OFF]]),
    "numbers that fall": entry([2, DAY, [_OFF]], [1, DAY, [_OFF]]),
    "a lower number on a later day": entry([1, DAY + 1, [_OFF]], [2, DAY, [_OFF]]),
    "a day after the year 9999": entry([1, days_of(date.max) + 1, [_OFF]]),
    "a day before 1970": entry([1, -1, [_OFF]]),
    "no change": entry([1, DAY, []]),
    "an unknown change": entry([1, DAY, [["balance", 20_000]]]),
    "a change twice": entry([1, DAY, [_OFF, _OFF]]),
    "on and off at once": entry([1, DAY, [["auto-charge", 100, 1_000, 9_000, 9_000], _OFF]]),
    "changes out of order": entry([1, DAY, [_OFF, _PASS]]),
    "a change with an item too many": entry([1, DAY, [[*_OFF, 1]]]),
    "a pass that begins later": entry([1, DAY - 1, [_PASS]]),
    "a pass that ends before it begins": entry([1, DAY, [[*_PASS[:4], DAY - 1, *_PASS[5:]]]]),
    "a pass of four sections": entry([1, DAY, [[*_PASS[:6], [[1, 2, False, 100]] * 4, 0, 0]]]),
    "a bearer that is 1": entry([1, DAY, [[*_PASS[:5], 1, *_PASS[6:]]]]),
    "negative yen": entry([1, DAY, [["auto-charge", -100, 1_000, 9_000, 9_000]]]),
    "a fraction of a yen": entry([1, DAY, [["auto-charge", 0.5, 1_000, 9_000, 9_000]]]),
    "yen without end": entry([1, DAY, [["auto-charge", 100, 1 << 62, 9_000, 9_000]]]),
    "an entry that ends early": raw("directives", 1, 0, IDM, (1).to_bytes(4, "big"), b"\x81"),
    "bytes after an entry": raw("directives", 1, 0, IDM, (len(_ONE) + 1).to_bytes(4, "big"), _ONE + b"\0"),
}


@pytest.mark.parametrize("name", FAULTY_DIRECTIVES)
def test_faults_31_44_hostile_directives_are_found_by_the_check(name: str) -> None:
    with pytest.raises(BundleError):
        read = parse(FAULTY_DIRECTIVES[name])
        assert isinstance(read, Directives)
        read.check()


def test_ctr_3_what_may_not_be_read_may_not_be_written_either() -> None:
    late = PassGiven(1, 0, FIRST_DAY + timedelta(1), date(2026, 12, 31), False, ())
    for changes in ((late,), (), (GROWN_UP, RENEWAL), (SETTINGS, SETTINGS)):
        with pytest.raises(BundleError):
            encode(directives_of(1, 0, {IDM: (Directive(1, FIRST_DAY, changes),)}))
    with pytest.raises(BundleError):
        encode(tariff(version=0))


def test_a_complaint_says_what_and_where() -> None:
    with pytest.raises(BundleError, match=r"cards: 7 bytes, no whole number of IDms"):
        parse(FAULTY["half a card"])
    with pytest.raises(BundleError, match=r"cards: cut off"):
        parse(FAULTY["cut off"])
    with pytest.raises(BundleError, match=r"bytes after the end \(byte \d+\)"):
        parse(FAULTY["bytes after the end"])


def test_the_kinds_are_three() -> None:
    assert set(b.KIND_OF.values()) == set(Kind)
