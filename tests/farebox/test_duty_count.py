"""What a duty came to, by the journal: since the last one was ended, whatever else is still on the bus."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farebox.duty_count import DutyCount, count, duty_so_far
from farebox.formats.journal import DriverActed
from farebox.journal import reading
from farebox.journal.reading import Part
from farebox.machine import IllegalEvent
from farebox.papers import PAPERS, Paper
from farebox.result import Side
from sim.hardware.field import Moment, Withdrawal
from tests.farebox.bus import Bus, lococa
from tests.farebox.field_bench import FieldBench


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield bus


def rides(bus: Bus, number: int) -> None:
    card = lococa(2_000, number)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    bus.terminal.end_trip()


def so_far(bus: Bus) -> DutyCount:
    bus.entries()  # flushed
    return duty_so_far(bus.path)


def test_a_duty_is_counted_up_trip_by_trip(bus: Bus) -> None:
    rides(bus, 1)
    bus.begin("HAKUHO-W02").terminal.log_paper("paper-coupons", 200)
    bus.terminal.log_paper("pass-slip", 0)
    counted = so_far(bus)
    assert (counted.trips, counted.papers, counted.papers_yen) == (2, 2, 200)
    assert (counted.ledger.fares_yen, counted.ledger.by_stored_fare_yen) == (500, 500)
    assert counted.since_s == bus.entries()[0].at_s


def test_what_follows_the_end_of_a_duty_is_the_next_ones(bus: Bus) -> None:
    rides(bus, 1)
    bus.terminal.sign_off()
    assert so_far(bus) == DutyCount()
    rides(bus, 2)
    assert so_far(bus).ledger.alightings == 1
    assert count(bus.entries()).ledger.alightings == 1  # of one journal without segments too


def test_a_duty_goes_on_over_a_restart_and_over_segments_that_were_sealed_meanwhile(bus: Bus) -> None:
    rides(bus, 1)
    bus.terminal.end_duty()  # as a service does that is stopped
    bus.restart()
    rides(bus, 2)
    assert so_far(bus).ledger.alightings == 2


def test_only_the_segments_of_the_duty_are_read(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days off-line wait on the disk; what they weigh is nothing to this count."""
    for number in range(1, 6):
        rides(bus, number)
        bus.terminal.sign_off()
    rides(bus, 6)
    bus.entries()
    looked: list[str] = []

    def looking(path: Path, look: object = reading.look) -> Part:
        looked.append(path.name)
        return look(path)  # type: ignore[operator,no-any-return]

    monkeypatch.setattr(reading, "look", looking)
    assert duty_so_far(bus.path).ledger.alightings == 1
    assert looked == ["00000006.segment", "00000005.segment"]


def test_faults_3_a_write_that_is_open_as_the_duty_ends_is_counted_where_it_is_settled(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card, Withdrawal(5, Moment.AFTER))
    bus.terminal.end_trip()
    assert so_far(bus).ledger.pending == 1
    bus.terminal.sign_off()
    assert so_far(bus).ledger.pending == 1
    bus.begin("HAKUHO-W02").tap(Side.BOARDING, card)
    assert (so_far(bus).ledger.pending, so_far(bus).ledger.fares_yen) == (0, 500)


def test_a_duty_is_not_ended_on_a_trip(bus: Bus) -> None:
    bus.begin()
    with pytest.raises(IllegalEvent):
        bus.terminal.sign_off()
    assert not any(isinstance(entry.record, DriverActed) for entry in bus.entries())


@pytest.mark.parametrize("kind", PAPERS)
def test_a_paper_is_read_as_it_was_told(kind: str) -> None:
    assert Paper.of(Paper(kind, 1_200).told) == Paper(kind, 1_200)


@pytest.mark.parametrize("told", ["", "paper-pass", "paper-pass, -1 yen", "paper-pass, 1 yen more", "紙, 1 yen"])
def test_other_words_are_no_paper(told: str) -> None:
    assert Paper.of(told) is None
