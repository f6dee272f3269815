"""docs/card.md is what the encoder does: its bit tables, its dump, its wire example and its memory configuration."""

import re
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from cardimage.purse import (
    FIRST_DAY,
    HISTORY_BLOCKS,
    LAST_DAY,
    HistoryRow,
    Slot,
    encode_conditions,
    encode_history,
    encode_number,
    encode_slot,
    history_block,
)
from cardimage.resolve import Standing, standing
from cardimage.write_plan import plan
from reader.felica import FelicaReader, LiteSSession
from reader.keys import KEY_VERSION, bench_keys
from reader.port import CardLost, NoCard, Polled, Written
from tariff.account import Account, AutoCharge, AutoCharged, HolderKind, Pass, RideMark, RideState, Section
from tests.cardimage.accounts import IDM
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


def table(heading: str) -> list[Field]:
    """The bit table under a heading of the document, held to be whole: no gap, no overlap, widths that add up."""
    part = TEXT.split(f"\n### {heading}\n")[1].split("\n#")[0]
    fields = []
    expected = 0
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


def slots(scheme: str) -> dict[str, Change]:
    ride = RideMark(RideState.OPEN, DAY_1, 0, 0)
    base = Slot(scheme, 0, 0, False, ride, 0, None)

    def ridden(mark: RideMark) -> Change:
        return encode_slot(base), encode_slot(base._replace(ride=mark))

    def slot(changed: Slot, unchanged: Slot = base) -> Change:
        return encode_slot(unchanged), encode_slot(changed)

    changes = {
        "variant": slot(base._replace(scheme="aizu-noruca" if scheme == "lococa" else "lococa")),
        "state": ridden(ride._replace(state=RideState.CLOSED)),
        "more": slot(base._replace(more=True)),
        "sequence": slot(base._replace(sequence=255)),
        "bank": slot(base._replace(bank=1)),
        "day": ridden(ride._replace(day=DAY_8190)),
        "trip": ridden(ride._replace(trip_number=0xFFFF)),
        "stop": ridden(ride._replace(stop_index=0xFF)),
        "stored fare": slot(base._replace(stored_fare_yen=0x7FFF)),
    }
    if scheme == "lococa":
        return changes | {"company": ridden(ride._replace(company=1))}
    charged = base._replace(auto_charged=AutoCharged(DAY_1, 0, 0))

    def charge(day: date, day_yen: int, month_yen: int) -> Change:
        return slot(charged._replace(auto_charged=AutoCharged(day, day_yen, month_yen)), charged)

    return changes | {
        "charged that day": charge(DAY_1, 127_000, 0),
        "charged that month": charge(DAY_1, 0, 127_000),
        "charged on": charge(DAY_8190, 0, 0),
    }


def banks(block: int) -> dict[str, Change]:
    held = Pass(0, 0, DAY_1, DAY_1, False, ())
    charge = AutoCharge(0, 0, 0, 0)
    base = Account("lococa", 0, held_pass=held, auto_charge=charge)

    def change(changed: Account, unchanged: Account = base) -> Change:
        return encode_conditions(unchanged)[block], encode_conditions(changed)[block]

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
    base = HistoryRow(0, DAY_1, 0, 0, 0, 0, 0, 0, 0)
    changed = {
        "sequence": base._replace(sequence=0xFF),
        "day": base._replace(day=DAY_8190),
        "trip": base._replace(trip_number=0xFFFF),
        "boarded": base._replace(boarded=0xFF),
        "alighted": base._replace(alighted=0xFF),
        "due": base._replace(due_yen=0x7FFF),
        "cash": base._replace(cash_yen=0x7FFF),
        "auto-charged": base._replace(auto_charged_yen=15_000),
        "balance": base._replace(balance_yen=0x7FFF),
    }
    return {name: (encode_history(base), encode_history(row)) for name, row in changed.items()}


def number() -> dict[str, Change]:
    # No number of 17 characters is 88 ones; these two differ in every bit instead.
    one = 0x2AAAAA_AAAAAAAA_AAAAAAAA
    other = one ^ (1 << 88) - 1
    return {
        "number": (encode_number(_base_36(one), DAY_1), encode_number(_base_36(other), DAY_1)),
        "issued": (encode_number("1", DAY_1), encode_number("1", DAY_8190)),
    }


def _base_36(value: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return digits


BLOCKS: list[tuple[str, Callable[[], dict[str, Change]]]] = [
    ("Slot, LOCOCA", lambda: slots("lococa")),
    ("Slot, AIZU NORUCA", lambda: slots("aizu-noruca")),
    ("Bank, first block", lambda: banks(0)),
    ("Bank, second block", lambda: banks(1)),
    ("History row", history),
    ("Number block", number),
]


@pytest.mark.parametrize(("heading", "changes"), BLOCKS, ids=[heading for heading, _ in BLOCKS])
def test_each_field_stands_where_the_document_says(heading: str, changes: Callable[[], dict[str, Change]]) -> None:
    bits = 128 if heading == "Bank, second block" else 112
    said = {field.name: list(range(field.first, field.last + 1)) for field in table(heading)}
    done = {name: differing(*pair, bits) for name, pair in changes().items()}
    fixed = {"layout", "directive"}
    assert {name: places for name, places in said.items() if name not in fixed} == done


@pytest.mark.parametrize("heading", ["Slot, LOCOCA", "Slot, AIZU NORUCA"])
def test_constants_of_a_slot_are_the_documents(heading: str) -> None:
    scheme = "lococa" if heading == "Slot, LOCOCA" else "aizu-noruca"
    said = {field.name: field for field in table(heading)}
    packed = int.from_bytes(encode_slot(Slot(scheme, 0, 0, False, None, 0, None)), "big")
    for name in ("layout", "variant"):
        field = said[name]
        width = field.last - field.first + 1
        assert packed >> 127 - field.last & (1 << width) - 1 == int(field.holds)


def test_what_is_reserved_is_zero_even_on_the_fullest_card() -> None:
    full = Account(
        "aizu-noruca",
        0x7FFF,
        cast(HolderKind, 15),
        True,
        LAST_DAY,
        None,
        Pass(63, 3, LAST_DAY, LAST_DAY, True, (Section(0xFFFF, 0xFFFF, True, 5_110),) * 3, 255, 255),
        AutoCharge(12_700, 15_000, 127_000, 127_000),
    )
    blocks = encode_conditions(full)
    for heading, block, bits in (("Bank, first block", blocks[0], 112), ("Bank, second block", blocks[1], 128)):
        used = [
            place
            for field in table(heading)
            if not field.holds.startswith("reserved")
            for place in range(field.first, field.last + 1)
        ]
        assert differing(block, bytes(16), bits) == used


@pytest.mark.parametrize("heading", [heading for heading, _ in BLOCKS])
def test_a_table_leaves_room_for_the_check(heading: str) -> None:
    assert table(heading)[-1].last < (128 if heading == "Bank, second block" else 112)


def test_the_check_is_the_documents() -> None:
    assert check(b"123456789").hex().upper() == "29B1"
    assert "29B1h" in TEXT
    block = encode_slot(Slot("lococa", 0, 0, False, None, 0, None))
    assert block[14:] == check(block[:14])
    first, second = encode_conditions(CARDHOLDER)
    assert first[14:] == check(first[:14] + second)


def test_the_days_are_the_documents() -> None:
    said = re.search(r"1 is (\S+), and 8191, the last, is (\S+)\.", TEXT)
    assert said is not None
    assert (FIRST_DAY.isoformat(), LAST_DAY.isoformat()) == said.groups()


def test_the_history_ring_is_the_documents() -> None:
    assert "stands in block 7 + (*n* mod 7)" in TEXT
    assert [history_block(sequence) for sequence in range(256)] == [7 + sequence % 7 for sequence in range(256)]
    assert list(HISTORY_BLOCKS) == list(range(0x07, 0x0E))


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

    def poll(self, system_code: int) -> Polled | NoCard:
        answer = self._air(bytes((6, 0)) + system_code.to_bytes(2, "big") + bytes(2))
        return Polled(answer[2:10], answer[10:18]) if answer else NoCard()

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost:
        return self._air(frame) or CardLost()

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
    assert session.write(*plan(now, boarded).commit) == Written()
    assert air.heard == said
