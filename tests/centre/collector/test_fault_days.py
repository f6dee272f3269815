"""Days of faults on simulated buses that exchange with the real centre: exactly once in effect (faults 32 to 37)."""

import json
from pathlib import Path

import pytest
from django.db.models import Sum

from centre.collector.models import Record, Segment, State
from centre.collector.work import work
from centre.ledger import reconciling
from centre.ledger.models import PostingRow, Tap
from farebox.exchange.line import Request
from farebox.formats.journal import Entry, Intent
from farebox.journal import fold
from farebox.journal.segments import ROTTEN, number_of
from sim.centre import NOW_S, TOKEN
from sim.faults.drawing import draw
from sim.faults.player import Player
from tests.centre.collector.real_centre import RealCentre
from tests.farebox.bus import DAY, DUTY
from tests.sim.faults.busy_day import BUSY

TOLD = ("Authorization", f"Bearer {TOKEN}")
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", [1, 2, 13])
def test_faults_32_37_each_record_has_its_effect_once_whatever_befell_bus_and_line(seed: int, tmp_path: Path) -> None:
    player = Player(draw(seed, DUTY, DAY, BUSY), DUTY, tmp_path, centre_of=RealCentre)
    day = player.play()
    assert day.failure is None
    came_of_all: list[list[Entry]] = []
    for bus in player.world.buses:
        centre, book = player.centres[bus.name], player.world.books[bus.name]
        assert isinstance(centre, RealCentre)
        # As the next session would: what the last one found damaged won't come.
        aside = sorted(number for name in bus.journals.disks if (number := number_of(name, ROTTEN)) is not None)
        said = Request("PUT", "status", (TOLD,), json.dumps({"aside": aside}).encode())
        assert centre.answer(said).status == 204
        work(NOW_S)
        held = Segment.objects.filter(vehicle=centre.vehicle)
        assert not held.exclude(state=State.BOOKED)
        assert set(book.sealed) - book.spoilt <= set(held.values_list("number", flat=True))
        spans = held.values_list("first_seq", "last_seq")
        came = [entry for entry in book.entries if any(first <= entry.seq <= last for first, last in spans)]
        rows = Record.objects.filter(segment__vehicle=centre.vehicle)
        assert list(rows.order_by("seq").values_list("seq", "at_s")) == [(entry.seq, entry.at_s) for entry in came]
        # What the ledger was told is what the journals hold: each intent once.
        taken = Tap.objects.filter(terminal=bus.name)
        assert set(taken.values_list("seq", flat=True)) == {e.seq for e in came if isinstance(e.record, Intent)}
        for table in (rows, taken):
            told = table.aggregate(due=Sum("due_yen", default=0), cash=Sum("cash_yen", default=0))
            assert told == sums(came)
        came_of_all.append(came)
    told_by = [fold.audit(came)[0] for came in came_of_all]
    found = reconciling.reconcile()
    assert not found.unbalanced and all(one.agrees for one in found.compared)
    if not any(each.unknown + each.pending for each in told_by):
        assert accounts() == {
            "cash-box": sum(each.cash_yen for each in told_by),
            "fares": -sum(each.fares_yen for each in told_by),
            "credit": sum(each.credit_yen for each in told_by),
            "note-box": sum(each.notes_yen for each in told_by),
        }


def accounts() -> dict[str, int]:
    """What the ledger's accounts come to, of these four."""
    kinds = ("cash-box", "fares", "credit", "note-box")
    return {kind: PostingRow.objects.filter(kind=kind).aggregate(yen=Sum("yen", default=0))["yen"] for kind in kinds}


def sums(entries: list[Entry]) -> dict[str, int]:
    intents = [entry.record for entry in entries if isinstance(entry.record, Intent)]
    return {"due": sum(each.due_yen for each in intents), "cash": sum(each.cash_yen for each in intents)}
