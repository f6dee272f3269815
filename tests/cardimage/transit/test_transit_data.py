"""Recorded cards of other people: every row decodes to what its bytes say."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cardimage.formats import read_cards
from cardimage.image import CardImage
from cardimage.transit.balance import attributes_of, balance_of, edy_yen
from cardimage.transit.brand import Brand, guess_brand
from cardimage.transit.codes import process_name
from cardimage.transit.gates import decode_gate
from cardimage.transit.history import Recorded, merge
from cardimage.transit.rows import Bus, Goods, Rail, Row, decode_row
from tests.cardimage.transit.cards import suica

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def vectors(data_dir: Path) -> Any:
    return json.loads((data_dir / "cards" / "history-vectors.json").read_text("utf-8"))


def recorded(data_dir: Path, name: str) -> CardImage:
    (image,) = read_cards((data_dir / "cards" / name).read_bytes(), name)
    return image


def as_computed(row: Row) -> dict[str, Any]:
    """A row in the words of the vectors."""
    place = row.place
    told: dict[str, Any] = {"kind": "unread"}
    if isinstance(place, Rail):
        told = {"kind": "rail", "from": str(place.entry or "00-00"), "to": str(place.exit or "00-00")}
    elif isinstance(place, Bus):
        told = {"kind": "bus", "operator": f"{place.operator:04X}", "stop": f"{place.stop:04X}"}
    elif isinstance(place, Goods):
        told = {"kind": "goods", "time": str(place.at), "terminal_id": f"{place.terminal_id:04X}"}
    return {
        "terminal": f"{row.terminal:02X}",
        "process": f"{row.process:02X}",
        "payment": f"{row.payment:02X}",
        "entry_exit": f"{row.entry_exit:02X}",
        "date": str(row.day),
        **told,
        "balance": row.balance_yen,
        "seq": row.sequence,
        "b12": "00" if not row.troubles else "?",
        "region": list(row.regions),
    }


def entries(vectors: Any) -> Iterator[dict[str, Any]]:
    for card in vectors["cards"]:
        yield from card["h090F"]
    yield from vectors["single"]


def test_every_recorded_row_decodes_to_its_bytes_values(vectors: Any) -> None:
    tried = empty = 0
    for entry in entries(vectors):
        row = decode_row(bytes.fromhex(entry["hex"]))
        tried += 1
        if "date" not in (entry["computed"] or {}):
            assert row is None, entry
            empty += 1
        else:
            assert row is not None
            assert as_computed(row).items() >= {k: v for k, v in entry["computed"].items() if k != "delta"}.items()
            assert process_name(row.process) is not None, entry
    assert (tried, empty) == (102, 16)


def test_every_recorded_row_changed_what_it_changed(vectors: Any) -> None:
    for card in vectors["cards"]:
        rows = card["h090F"]
        image = suica(*(bytes.fromhex(entry["hex"]) for entry in rows))
        history = merge([Recorded(card["id"], image)]).history
        deltas = [entry["computed"]["delta"] for entry in rows if "date" in (entry["computed"] or {})]
        assert [use.amount.yen if use.amount else None for use in history.uses] == deltas
        assert not any(use.amount.spans for use in history.uses if use.amount)
        assert (history.gaps, history.conflicts) == ((), ())


def test_what_the_sources_state_of_single_rows(vectors: Any) -> None:
    """Dates, balances and regions; a source's own words for kinds and stations are not ours."""
    tried = 0
    for entry in vectors["single"]:
        row, stated = decode_row(bytes.fromhex(entry["hex"])), entry["stated"]
        assert row is not None
        told = {"date": str(row.day), "balance": row.balance_yen, "region": row.regions[0], "seq": row.sequence}
        for key in told.keys() & stated.keys():
            assert told[key] == stated[key], (entry["hex"], key)
            tried += 1
        assert isinstance(row.place, Bus) or "bus" not in str(stated.get("kind", ""))
    assert tried > 30


def test_the_recorded_icoca(data_dir: Path, vectors: Any) -> None:
    image = recorded(data_dir, "farebot-icoca.nfc")
    attributes = attributes_of(image)
    assert attributes is not None
    assert (balance_of(image).yen, balance_of(image).is_disputed, attributes.update) == (175, False, 42)
    assert guess_brand(image).brand is Brand.ICOCA
    history = merge([Recorded("icoca", image)]).history
    assert [use.row.raw.hex() for use in history.uses] == [entry["hex"] for entry in vectors["cards"][0]["h090F"]]
    (bus,) = (use for use in history.uses if isinstance(use.row.place, Bus))
    assert bus.row.place == Bus(0x0E51, 0x0051)
    assert bus.amount is not None and bus.amount.yen == -200
    first, second, third = (decode_gate(block) for block in image.systems[0x0003][0x108F].values())
    assert first and second and third
    assert [(gate.is_entry, gate.amount_yen, str(gate.at)) for gate in (first, second, third)] == [
        (False, 260, "09:29:00"),
        (True, 0, "09:11:00"),
        (False, 200, "09:39:00"),
    ]


def test_a_card_whose_history_is_partly_empty(vectors: Any) -> None:
    """Four uses, where a reader that counts the marks of unwritten rows finds twelve."""
    card = vectors["cards"][2]
    image = suica(*(bytes.fromhex(entry["hex"]) for entry in card["h090F"]))
    assert len(merge([Recorded(card["id"], image)]).history.uses) == 4


def test_a_history_that_was_recorded_twice_with_rows_between(vectors: Any) -> None:
    rows = [bytes.fromhex(entry["hex"]) for entry in vectors["cards"][1]["h090F"]]
    whole = merge([Recorded("whole", suica(*rows))]).history
    parts = [Recorded("later", suica(*rows[:12])), Recorded("earlier", suica(*rows[9:]))]
    merged = merge(parts[::-1]).history
    assert [(use.row, use.amount) for use in merged.uses] == [(use.row, use.amount) for use in whole.uses]
    assert all(newer.row.sequence > older.row.sequence for newer, older in pairwise(merged.uses))


def test_the_recorded_edy(data_dir: Path) -> None:
    image = recorded(data_dir, "nfcpy-edy.dump.txt")
    assert (edy_yen(image), guess_brand(image).brand) == (414, Brand.EDY)


def test_octopus_is_known_and_its_balance_is_not_guessed(data_dir: Path) -> None:
    image = recorded(data_dir, "farebot-octopus.json")
    assert (guess_brand(image).brand, balance_of(image).yen, edy_yen(image)) == (Brand.OCTOPUS, None, None)
