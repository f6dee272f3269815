"""docs/card.md is what the encoder does: its bit tables, its dump, its wire example and its memory configuration."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.days import FIRST_DAYS, SHADOW_LAYOUT, last_day
from cardimage.layout.history import HistoryRow, decode_history, encode_history, history_block
from cardimage.layout.number import encode_number
from cardimage.layout.slots import Slot, decode_slot, encode_slot, layout_of, slot_of
from cardimage.layout.variants import SHADOWS, VARIANTS
from cardimage.resolve import Standing, standing
from cardimage.write_plan import WRITES_OF_A_TAP, plan
from farebox.records import mark
from reader.felica import FelicaReader, LiteSSession
from reader.keys import KEY_VERSION, bench_keys
from reader.port import CardLost, Health, NoCard, Polled, Written
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tests.cardimage import bits
from tests.cardimage.accounts import FIRST, FIRST_OF_2, IDM, LAST, LAST_OF_2
from tests.cardimage.bits import check
from tests.reader.outcomes import good

TEXT = (Path(__file__).parents[2] / "docs" / "card.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+)(?:-(\d+))? \| (\d+) \| ([^|]+?) \| ([^|]+?) \|$")

ISSUED = date(2026, 11, 20)
CARDHOLDER = Account(
    "lococa",
    2_000,
    named=True,
    held_pass=Pass(1, 0, date(2026, 11, 1), date(2026, 11, 30), False, (Section(4, 9, False, 230),)),
)
# Days 1 and 8190 differ in all 13 bits; "all ones" alone could not be told from "no day".
DAY_1, DAY_8190 = date(2016, 1, 1), date(2038, 6, 3)


class Field(NamedTuple):
    first: int
    last: int
    name: str
    holds: str


COMMON = "Slot, alike on every card"
OWN = {
    "lococa": "Slot, LOCOCA",
    "iwate-green-pass": "Slot, Iwate Green Pass",
    "noruca": "Slot, NORUCA",
    "aizu-noruca": "Slot, AIZU NORUCA",
    "suica": "Shadows",
}


def under(heading: str) -> str:
    """What stands under a heading of the document, up to the next."""
    return re.split(r"\n#+ ", TEXT.split(f"# {heading}\n")[1])[0]


def table(heading: str) -> list[Field]:
    """The bit table under a heading of the document, held to be whole: no gap, no overlap, widths that add up."""
    part = under(heading)
    fields = []
    expected = table(COMMON)[-1].last + 1 if heading in OWN.values() else 0
    for line in part.splitlines():
        if (row := ROW.match(line)) is None:
            continue
        first, last = int(row[1]), int(row[2] or row[1])
        assert (first, last - first + 1) == (expected, int(row[3])), line
        fields.append(Field(first, last, row[4], row[5]))
        expected = last + 1
    assert fields
    return fields


def differing(one: bytes, other: bytes, bits: int = 112) -> list[int]:
    """Places of the bits in which two blocks differ, the check left out."""
    apart = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return [place for place in range(bits) if apart >> 127 - place & 1]


Change = tuple[bytes, bytes]
"""Two blocks that are alike but for one field, whose bits are all turned over between them."""


DAY_1_OF = {1: DAY_1, 2: date(2026, 1, 1), 7: DAY_1}
DAY_8190_OF = {1: DAY_8190, 2: date(2048, 6, 3), 7: DAY_8190}


def slots(scheme: str, layout: int) -> dict[str, Change]:
    first, last = DAY_1_OF[layout], DAY_8190_OF[layout]
    ride = RideMark(RideState.OPEN, first, 0, 0)
    base = Slot(layout, scheme, 0, 0, False, ride, 0)

    def slot(changed: Slot, unchanged: Slot = base) -> Change:
        return encode_slot(unchanged), encode_slot(changed)

    def ridden(mark: RideMark) -> Change:
        return slot(base._replace(ride=mark))

    changes = {
        "state": ridden(ride._replace(state=RideState.CLOSED)),
        "sequence": slot(base._replace(sequence=255)),
        "bank": slot(base._replace(bank=1)),
        "day": ridden(ride._replace(day=last)),
        "trip": ridden(ride._replace(trip_number=0xFFFF)),
        "stop": ridden(ride._replace(stop_index=0xFF)),
    }
    if scheme != "suica":
        changes["more"] = slot(base._replace(more=True))
    if scheme != "noruca":
        changes["stored fare"] = slot(base._replace(stored_fare_yen=0x7FFF))
    return changes | OWN_CHANGES[scheme](base, first, last)


def _own_of_lococa(base: Slot, first: date, last: date) -> dict[str, Change]:
    assert base.ride is not None
    return {"company": (encode_slot(base), encode_slot(base._replace(ride=base.ride._replace(company=1))))}


def _own_of_a_shadow(base: Slot, first: date, last: date) -> dict[str, Change]:
    assert base.ride is not None
    return {"company": (encode_slot(base), encode_slot(base._replace(ride=base.ride._replace(company=3))))}


def _own_of_iwate(base: Slot, first: date, last: date) -> dict[str, Change]:
    none = base._replace(points=Points(0, first))
    return {
        "points": (encode_slot(none), encode_slot(base._replace(points=Points(0x7FFF, first)))),
        "points' last day": (encode_slot(none), encode_slot(base._replace(points=Points(0, last)))),
        "welfare points": (encode_slot(base), encode_slot(base._replace(welfare_points=0x7FFF))),
    }


def _own_of_noruca(base: Slot, first: date, last: date) -> dict[str, Change]:
    empty = encode_slot(base._replace(coupons=Coupons(0, 0, 0)))

    def coupons(*yen: int) -> Change:
        return empty, encode_slot(base._replace(coupons=Coupons(*yen)))

    return {
        "has purses": (encode_slot(base), empty),
        "regular": coupons(20_470, 0, 0),
        "student": coupons(0, 20_470, 0),
        "eco": coupons(0, 0, 20_470),
    }


def _own_of_aizu(base: Slot, first: date, last: date) -> dict[str, Change]:
    never = encode_slot(base._replace(auto_charged=AutoCharged(first, 0, 0)))

    def charge(day: date, day_yen: int, month_yen: int) -> Change:
        return never, encode_slot(base._replace(auto_charged=AutoCharged(day, day_yen, month_yen)))

    return {
        "charged that day": charge(first, 127_000, 0),
        "charged that month": charge(first, 0, 127_000),
        "charged on": charge(last, 0, 0),
    }


OWN_CHANGES: dict[str, Callable[[Slot, date, date], dict[str, Change]]] = {
    "lococa": _own_of_lococa,
    "iwate-green-pass": _own_of_iwate,
    "noruca": _own_of_noruca,
    "aizu-noruca": _own_of_aizu,
    "suica": _own_of_a_shadow,
}


def banks(block: int) -> dict[str, Change]:
    held = Pass(0, 0, DAY_1, DAY_1, False, ())
    charge = AutoCharge(0, 0, 0, 0)
    base = Account("lococa", 0, held_pass=held, auto_charge=charge)

    def change(changed: Account, unchanged: Account = base) -> Change:
        return encode_conditions(unchanged, 1)[block], encode_conditions(changed, 1)[block]

    def passing(changed: Pass) -> Change:
        return change(base._replace(held_pass=changed))

    def charging(changed: AutoCharge) -> Change:
        return change(base._replace(auto_charge=changed))

    if block == 0:
        return {
            "holder": change(base._replace(holder=cast(HolderKind, 15))),
            "card expires": change(base._replace(expires=DAY_8190), base._replace(expires=DAY_1)),
            "pass company": passing(held._replace(company=3)),
            "pass product": passing(held._replace(product=63)),
            "pass first day": passing(held._replace(first_day=DAY_8190)),
            "pass last day": passing(held._replace(last_day=DAY_8190)),
            "pass area": passing(held._replace(area=255)),
            "pass line": passing(held._replace(line=255)),
            "bearer": passing(held._replace(bearer=True)),
            "auto-charge on": change(base, base._replace(auto_charge=None)),
            "trigger": charging(charge._replace(trigger_yen=12_700)),
            "amount": charging(charge._replace(amount_yen=15_000)),
            "cap a day": charging(charge._replace(day_cap_yen=127_000)),
            "cap a month": charging(charge._replace(month_cap_yen=127_000)),
            "directive": change(base._replace(directive=0xFFFF)),
            "named": change(base._replace(named=True)),
        }
    # Stops 1 and FFFE differ in all 16 bits; stop 0 is no stop.
    empty = Section(1, 0, False, 0)
    changes: dict[str, Change] = {}
    for place in range(3):

        def section(changed: Section, place: int = place) -> Change:
            rows = (empty, empty, empty)
            unchanged = base._replace(held_pass=held._replace(sections=rows))
            turned = (*rows[:place], changed, *rows[place + 1 :])
            return change(base._replace(held_pass=held._replace(sections=turned)), unchanged)

        changes |= {
            f"section {place + 1} from": section(empty._replace(from_stop=0xFFFE)),
            f"section {place + 1} to": section(empty._replace(to_stop=0xFFFF)),
            f"section {place + 1} one way": section(empty._replace(one_way=True)),
            f"section {place + 1} priced": section(empty._replace(priced_fare_yen=5_110)),
        }
    return changes


def history() -> dict[str, Change]:
    base = HistoryRow(0, DAY_1_OF[2], 0, 0, 0, 0, 0, 0, 0)
    changed = {
        "sequence": base._replace(sequence=0xFF),
        "day": base._replace(day=DAY_8190_OF[2]),
        "trip": base._replace(trip_number=0xFFFF),
        "boarded": base._replace(boarded=0xFF),
        "alighted": base._replace(alighted=0xFF),
        "due": base._replace(due_yen=0x7FFF),
        "cash": base._replace(cash_yen=0x7FFF),
        "auto-charged": base._replace(auto_charged_yen=15_000),
        "balance": base._replace(balance_yen=0x7FFF),
        "after boarding": base._replace(after_boarding=True),
        "kind": base._replace(top_up=True),
    }
    return {name: (encode_history(base), encode_history(row)) for name, row in changed.items()}


def number() -> dict[str, Change]:
    # No number of 17 characters is 88 ones; these two differ in every bit instead.
    one = 0x2AAAAA_AAAAAAAA_AAAAAAAA
    other = one ^ (1 << 88) - 1
    return {
        "number": (encode_number(_base_36(one), DAY_1_OF[2]), encode_number(_base_36(other), DAY_1_OF[2])),
        "issued": (encode_number("1", DAY_1_OF[2]), encode_number("1", DAY_8190_OF[2])),
    }


def _base_36(value: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return digits


BLOCKS: list[tuple[str, Callable[[], dict[str, Change]]]] = [
    ("Bank, first block", lambda: banks(0)),
    ("Bank, second block", lambda: banks(1)),
    ("History row", history),
    ("Number block", number),
]


def places(fields: list[Field]) -> dict[str, list[int]]:
    return {field.name: list(range(field.first, field.last + 1)) for field in fields}


@pytest.mark.parametrize(("heading", "changes"), BLOCKS, ids=[heading for heading, _ in BLOCKS])
def test_each_field_stands_where_the_document_says(heading: str, changes: Callable[[], dict[str, Change]]) -> None:
    bits = 128 if heading == "Bank, second block" else 112
    said = places(table(heading))
    said.pop("layout", None)
    assert said == {name: differing(*pair, bits) for name, pair in changes().items()}


@pytest.mark.parametrize("layout", [1, 2])
@pytest.mark.parametrize("scheme", VARIANTS)
def test_each_field_of_a_slot_stands_where_the_document_says(scheme: str, layout: int) -> None:
    said = places([*table(COMMON), *table(OWN[scheme])])
    del said["layout"], said["variant"]
    assert said == {name: differing(*pair) for name, pair in slots(scheme, layout).items()}


def test_each_field_of_a_shadow_stands_where_the_document_says() -> None:
    said = places([*table(COMMON), *table(OWN["suica"])])
    del said["layout"], said["variant"], said["more"], said["scheme"]
    assert said == {name: differing(*pair) for name, pair in slots("suica", SHADOW_LAYOUT).items()}


def said_by(block: bytes, field: Field) -> int:
    """What a field of a block holds."""
    return int.from_bytes(block, "big") >> 127 - field.last & (1 << field.last - field.first + 1) - 1


@pytest.mark.parametrize("layout", [1, 2])
def test_the_variants_are_the_documents(layout: int) -> None:
    said = re.findall(r"^\| (\d) \| ([^|]+?) \|$", under(COMMON), re.MULTILINE)
    named = {heading.removeprefix("Slot, "): scheme for scheme, heading in OWN.items()}
    assert {named[card]: int(variant) for variant, card in said} == VARIANTS
    fields = {field.name: field for field in table(COMMON)}
    for variant, card in said:
        block = encode_slot(slot_of(Account(named[card], 0), 0, 0, layout))
        assert (said_by(block, fields["layout"]), said_by(block, fields["variant"])) == (layout, int(variant))


def test_the_schemes_of_shadows_are_the_documents() -> None:
    said = {scheme: int(number) for number, scheme in re.findall(r"^\| (\d+) \| ([a-z-]+) \|$", under("Shadows"), re.M)}
    assert said == SHADOWS
    common, own = ({field.name: field for field in table(heading)} for heading in (COMMON, "Shadows"))
    for scheme, scheme_number in said.items():
        block = encode_slot(slot_of(Account(scheme, 0), 0, 0))
        assert said_by(block, own["scheme"]) == scheme_number
        assert (said_by(block, common["layout"]), said_by(block, common["variant"])) == (7, 0)


def test_the_layouts_are_the_documents() -> None:
    rows = re.findall(r"^\| (\d) \| (\S+) \| (\S+) \| .+ \|$", under("Layouts"), re.MULTILINE)
    assert rows == [(str(layout), str(first), str(last_day(layout))) for layout, first in FIRST_DAYS.items()]
    unknown = {layout for layout in range(8) if decode_slot(bits.sealed((layout, 3))) is None}
    assert "Layouts 0 and 3 to 6 are not known" in TEXT
    assert unknown - {SHADOW_LAYOUT} == {0, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("day", "mark"), [(FIRST, 0), (FIRST_OF_2 - timedelta(days=1), 0), (FIRST_OF_2, 2), (LAST, 2), (LAST_OF_2, 2)]
)
def test_rows_and_numbers_say_their_layout_as_the_document_does(day: date, mark: int) -> None:
    holds = "0 for layout 1, 2 for layout 2"
    row = HistoryRow(0, day, 0, 0, 0, 0, 0, 0, 0)
    for heading, block in (("History row", encode_history(row)), ("Number block", encode_number("1", day))):
        field = next(field for field in table(heading) if field.name == "layout")
        assert holds in field.holds
        assert said_by(block, field) == mark


def test_the_writes_of_a_tap_are_the_documents() -> None:
    assert "a tap writes four blocks at the most" in TEXT
    assert WRITES_OF_A_TAP == 4


def test_what_is_reserved_is_zero_even_on_the_fullest_card() -> None:
    full = Account(
        "aizu-noruca",
        0x7FFF,
        cast(HolderKind, 15),
        True,
        LAST,
        None,
        Pass(63, 3, LAST, LAST, True, (Section(0xFFFF, 0xFFFF, True, 5_110),) * 3, 255, 255),
        AutoCharge(12_700, 15_000, 127_000, 127_000),
        directive=0xFFFF,
    )
    blocks = encode_conditions(full, 1)
    for heading, block, width in (("Bank, first block", blocks[0], 112), ("Bank, second block", blocks[1], 128)):
        used = [place for field in table(heading) for place in range(field.first, field.last + 1)]
        assert differing(block, bytes(16), width) == used


@pytest.mark.parametrize("heading", [*(heading for heading, _ in BLOCKS), *OWN.values()])
def test_a_table_leaves_room_for_the_check(heading: str) -> None:
    assert table(heading)[-1].last < (128 if heading == "Bank, second block" else 112)


def test_the_check_is_the_documents() -> None:
    assert check(b"123456789").hex().upper() == "29B1"
    assert "29B1h" in TEXT
    block = encode_slot(slot_of(Account("lococa", 0), 0, 0))
    assert block[14:] == check(block[:14])
    first, second = encode_conditions(CARDHOLDER, layout_of(CARDHOLDER))
    assert first[14:] == check(first[:14] + second)


def test_the_history_ring_is_the_documents() -> None:
    assert "stands in block 7 + (*n* mod 7)" in TEXT
    assert [history_block(sequence) for sequence in range(256)] == [7 + sequence % 7 for sequence in range(256)]
    assert list(HISTORY_BLOCKS) == list(range(0x07, 0x0E))


KINDS = {
    0: HistoryRow(0, ISSUED, 0, 0, 0, 500, 310, 0, 0, mark=7),
    1: HistoryRow(0, ISSUED, 0, 0, 0, 500, 0, 0, 0, mark=7),
    2: HistoryRow(0, ISSUED, 0, 0, 0, 500, 500, 0, 0, mark=7),
    3: HistoryRow(0, ISSUED, 0, 0, 0, 1_000, 1_000, 0, 0, top_up=True, mark=7),
}


def test_the_kinds_of_row_are_the_documents() -> None:
    said = re.findall(r"^\| (\d) \| [^|]+ \| [^|]+ \|$", under("History row"), re.MULTILINE)
    assert [int(kind) for kind in said] == list(KINDS)
    fields = {field.name: field for field in table("History row")}
    for kind, row in KINDS.items():
        block = encode_history(row)
        assert said_by(block, fields["kind"]) == kind
        assert said_by(block, fields["cash"]) == {0: 310, 1: 7, 2: 7, 3: 1_000}[kind]
        assert decode_history(block) == (row._replace(mark=0) if kind == 0 else row)


def test_the_row_of_a_top_up_is_the_documents() -> None:
    added = HistoryRow(1, ISSUED, 0, 0, 0, 1_000, 1_000, 0, 3_000, top_up=True, mark=mark("BUS-1", 1_795_132_800))
    block, octets = TEXT.split("```row\n")[1].split("   ")[0].split("  ")
    assert (int(block, 16), bytes.fromhex(octets)) == (history_block(1), encode_history(added))
    assert f"mark {added.mark:08X})" in TEXT


def test_the_dump_is_the_card_that_is_issued() -> None:
    lines = TEXT.split("```dump\n")[1].split("```")[0].splitlines()
    said = {int(line[:2], 16): bytes.fromhex(line[4:51]) for line in lines}
    image = issue(IDM, CARDHOLDER, "LC2611200042", ISSUED)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    assert {block: data for block, data in blocks.items() if any(data)} == said


def test_the_memory_configuration_is_the_documents() -> None:
    part = TEXT.split("## Memory configuration")[1].split("\n## ")[0]
    rows = re.findall(r"^\| [\d-]+ \| ([0-9A-F ]+) \|", part, re.MULTILINE)
    blocks = issue(IDM, CARDHOLDER, "LC2611200042", ISSUED).lite_s_blocks()
    assert blocks is not None
    assert blocks[lite_s.MC] == bytes.fromhex(" ".join(rows)) + bytes(3)


def test_the_map_names_every_block_that_is_used() -> None:
    part = TEXT.split("## The map")[1].split("\n## ")[0]
    named = {name: int(block, 16) for block, name in re.findall(r"^\| ([0-9A-F]{2}) \| (\w+) \|", part, re.MULTILINE)}
    for name in ("REG", "RC", "ID", "D_ID", "CKV", "CK", "MC", "WCNT", "MAC_A", "STATE"):
        assert named[name] == getattr(lite_s, name)


def test_keys_are_made_as_the_document_says() -> None:
    words = re.search(r"which is the SHA-256 of `([^`]+)`", TEXT)
    formula = re.search(r'first 16 bytes of HMAC-SHA256\(master key, "([^"]+)" ‖ version ‖ IDm\)', TEXT)
    assert words is not None
    assert formula is not None
    master = sha256(" ".join(words[1].split()).encode()).digest()
    assert bench_keys().card_key(IDM) == digest(master, formula[1].encode() + b"\x01" + IDM, "sha256")[:16]
    assert KEY_VERSION == 1


class Listener:
    """A frame port in front of one simulated card, writing down what goes over the air."""

    name = "listener"

    def __init__(self, card: FelicaCard) -> None:
        self._card = card
        self.heard: list[str] = []

    def open(self, deadline_s: float = 0.0) -> None:
        """Always open."""

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> Polled | NoCard:
        for system_code in system_codes:
            answer = self._air(bytes((6, 0)) + system_code.to_bytes(2, "big") + bytes(2))
            if answer:
                return Polled(answer[2:10], answer[10:18], system_code)
        return NoCard()

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost:
        return self._air(frame) or CardLost()

    def field_off(self) -> None:
        """There is no field."""

    def health(self) -> Health:
        return Health(self.name)

    def close(self) -> None:
        """Nothing to let go of."""

    def _air(self, frame: bytes) -> bytes | None:
        answer = self._card.process(frame)
        self.heard += [f"> {frame.hex(' ').upper()}", f"< {(answer or b'').hex(' ').upper()}"]
        return answer


def test_the_wire_example_is_a_tap() -> None:
    said = [line for line in TEXT.split("```wire\n")[1].split("```")[0].splitlines() if not line.startswith("#")]
    image = issue(IDM, CARDHOLDER, "LC2611200042", ISSUED)
    air = Listener(FelicaCard(image, bench_keys().card_key(IDM)))
    session = FelicaReader(air, bench_keys(), lambda size: bytes(range(size))).wait()
    assert isinstance(session, LiteSSession)
    first, second = good(session.open(0, 1))
    now = standing(first, second)
    assert isinstance(now, Standing)
    boarded = CARDHOLDER._replace(ride=RideMark(RideState.OPEN, ISSUED, 311, 12))
    assert session.write(*plan(now, CARDHOLDER, boarded).commit) == Written()
    assert air.heard == said
