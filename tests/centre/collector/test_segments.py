"""Segments come in twice, in pieces, out of order, past gaps, two under one number (faults 32 to 40)."""

import json
from random import Random

import pytest

from centre.collector import bulk, deriving
from centre.collector.deriving import derive
from centre.collector.gaps import gaps, wanted
from centre.collector.models import Record, Segment, State, Vehicle
from centre.collector.order import Gap
from centre.collector.work import work
from farebox.formats.centre import held_from
from farebox.formats.frames import scan
from sim.centre import KEYS, NOW_S
from tests.centre.collector.vehicle import BUS, KEY, RECORDS, Sender, forked, journal, registered, seal_of

pytestmark = pytest.mark.django_db

BUS_7 = Sender()


@pytest.fixture(autouse=True)
def vehicle() -> Vehicle:
    return registered()


def states() -> list[tuple[int, str]]:
    return [(segment.number, segment.state) for segment in Segment.objects.order_by("number", "pk")]


def tells(**said: object) -> list[int]:
    """The vehicle tells how it stands; the numbers that the centre wants."""
    answer = BUS_7.asks("PUT", "/bus/status", json.dumps(said).encode())
    assert answer.status_code in (200, 204)
    return list(json.loads(answer.content)["wanted"]) if answer.status_code == 200 else []  # type: ignore[attr-defined]


def receipt(data: bytes) -> bytes:
    answer = BUS_7.sends(data)
    assert answer.status_code == 200
    body: bytes = answer.content  # type: ignore[attr-defined]
    held = held_from(body, KEYS)
    assert held.is_of(seal_of(data))
    return body


def test_ctr_2_a_segment_is_held_as_it_was_sent_and_its_records_are_rows() -> None:
    [data] = journal(1)
    receipt(data)
    segment = Segment.objects.get()
    assert bytes(segment.sealed.data) == data and segment.state == State.BOOKED and segment.journal == segment.digest
    entries = scan(data).entries
    assert list(Record.objects.order_by("seq").values_list("seq", "at_s", "kind")) == [
        (entry.seq, entry.at_s, 1 if entry.seq == 1 else 3) for entry in entries
    ]


def test_ctr_2_faults_32_the_same_segment_again_has_the_same_receipt_and_no_second_effect() -> None:
    [data] = journal(1)
    first = receipt(data)
    assert receipt(data) == first
    assert BUS_7.looks(data).content == first  # type: ignore[attr-defined]
    assert BUS_7.sends(b"anything else", path=BUS_7.path(data)).content == first  # type: ignore[attr-defined]
    assert Record.objects.count() == RECORDS and Segment.objects.count() == 1
    assert work(NOW_S) == 0


def test_faults_34_a_segment_goes_on_from_its_last_durable_byte() -> None:
    [data] = journal(1)
    assert BUS_7.looks(data)["Upload-Offset"] == "0"
    assert BUS_7.sends(data, to=100)["Upload-Offset"] == "100"
    assert BUS_7.looks(data)["Upload-Offset"] == "100"
    for elsewhere in (0, 50, 101):
        answer = BUS_7.sends(data, at=elsewhere, to=200)
        assert (answer.status_code, answer["Upload-Offset"]) == (409, "100")
    assert BUS_7.sends(data, at=150)["Upload-Offset"] == "100"
    assert BUS_7.sends(data, at=100, to=150)["Upload-Offset"] == "150"
    assert BUS_7.sends(data, at=150).status_code == 200


def test_faults_34_pieces_of_two_segments_of_one_number_are_never_mixed() -> None:
    [data], [other] = journal(1), journal(1, tag="other")
    BUS_7.sends(data, to=100)
    assert BUS_7.looks(other)["Upload-Offset"] == "0"
    assert BUS_7.sends(other, at=100).status_code == 409


def test_faults_34_a_whole_of_another_length_begins_anew() -> None:
    [data] = journal(1)
    BUS_7.sends(data, to=100)
    answer = BUS_7.sends(data, at=100, to=110, otherwise={"Upload-Length": str(len(data) - 1)})
    assert (answer.status_code, answer["Upload-Offset"]) == (409, "0")
    assert BUS_7.sends(data).status_code == 200


def test_ctr_2_faults_33_what_comes_after_a_gap_is_held_and_what_is_missing_is_asked_for(vehicle: Vehicle) -> None:
    first, second, third, fourth = journal(4)
    receipt(first)
    receipt(fourth)
    assert states() == [(1, "booked"), (4, "waiting")]
    assert gaps(vehicle) == (Gap(2, 3, RECORDS + 1, 3 * RECORDS),)
    assert tells(waiting=[]) == [2, 3]
    receipt(third)
    assert tells(waiting=[]) == [2]
    receipt(second)
    assert work(NOW_S) == 2 and tells() == []
    assert states() == [(number, "booked") for number in (1, 2, 3, 4)]
    assert list(Record.objects.order_by("segment__number", "seq").values_list("seq", flat=True)) == list(
        range(1, 4 * RECORDS + 1)
    )


def test_faults_33_a_number_that_wont_come_is_not_waited_for(vehicle: Vehicle) -> None:
    first, _, third, fourth = journal(4)
    for data in (first, third, fourth):
        receipt(data)
    assert tells(aside=[2]) == []
    assert work(NOW_S) == 2
    assert states() == [(1, "booked"), (3, "booked"), (4, "booked")]


def test_faults_33_a_person_may_give_up_what_is_lost(vehicle: Vehicle) -> None:
    *_, last = journal(5)
    receipt(last)
    assert wanted(vehicle) == (1, 2, 3, 4)
    vehicle.given_up = [1, 2, 3, 4]
    vehicle.save()
    assert derive(vehicle, NOW_S) == 1


def test_faults_33_however_wide_the_gap_few_are_asked_for(vehicle: Vehicle) -> None:
    receipt(journal(2)[1])
    Segment.objects.update(number=1 << 62)
    assert len(wanted(vehicle)) == 100


def test_faults_38_the_same_number_with_other_content_both_are_quarantined_and_held() -> None:
    mine, other = forked(2, 2)
    for data in (*mine, *other):
        receipt(data)
    assert work(NOW_S) == 0
    # What was booked before anybody could know stays so; nothing more is booked after it.
    assert states() == [(1, "booked"), (2, "quarantined"), (2, "quarantined"), (3, "booked"), (3, "waiting")]
    assert Segment.objects.filter(state="quarantined", booked_at_s__isnull=False).count() == 1


def test_faults_38_a_disk_that_was_exchanged_begins_another_journal_with_numbers_of_its_own() -> None:
    old, new = journal(3), journal(3, tag="new disk")
    for data in (*old, *new):
        receipt(data)
    assert [state for _, state in states()] == ["booked"] * 6
    assert {segment.journal for segment in Segment.objects.all()} == {
        seal_of(data).digest.hex() for data in (old[0], new[0])
    }


def test_faults_37_a_segment_of_another_day_played_again_is_the_same_segment() -> None:
    segments = journal(3)
    for data in (*segments, *segments):
        receipt(data)
    assert Record.objects.count() == 3 * RECORDS


@pytest.mark.parametrize("seed", range(6))
def test_ctr_2_faults_40_in_any_order_from_any_centre_the_end_is_the_same(seed: int) -> None:
    mine, other = forked(3, 3)
    every = [*mine, *other, *journal(3, tag="another disk")]
    Random(seed).shuffle(every)
    for data in every:
        receipt(data)
    work(NOW_S)
    assert Segment.objects.count() == 9 + 2
    quarantined = Segment.objects.filter(state=State.QUARANTINED).values_list("digest", flat=True)
    assert set(quarantined) == {seal_of(data).digest.hex() for data in (mine[2], other[2])}
    sure = {seal_of(data).digest.hex() for data in (*mine[:2], *every) if data in mine[:2] or data not in mine + other}
    assert sure <= set(Segment.objects.filter(state=State.BOOKED).values_list("digest", flat=True))
    booked = Segment.objects.filter(booked_at_s__isnull=False)
    assert Record.objects.count() == RECORDS * booked.count()


def test_faults_40_records_of_two_vehicles_are_told_apart() -> None:
    registered("BUS-8", KEY, "8e" * 32)
    for sender, terminal_id in ((BUS_7, BUS), (Sender("8e" * 32), "BUS-8")):
        for data in journal(2, terminal_id):
            assert sender.sends(data).status_code == 200
    names = Record.objects.values_list("segment__vehicle__terminal_id", "segment__number", "segment__digest", "seq")
    assert len(set(names)) == len(names) == 4 * RECORDS


def test_faults_35_killed_between_holding_and_booking_the_next_one_books_once(
    vehicle: Vehicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    [data] = journal(1)
    monkeypatch.setattr(bulk, "insert", killed)
    with pytest.raises(Killed):
        BUS_7.sends(data)
    monkeypatch.undo()
    assert states() == [(1, "waiting")] and not Record.objects.exists()
    assert BUS_7.looks(data).status_code == 200
    assert work(NOW_S) == 1 and work(NOW_S) == 0
    assert Record.objects.count() == RECORDS


def test_one_that_cant_be_booked_is_held_all_the_same_and_says_why(
    vehicle: Vehicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ArithmeticError("sums to 3")

    monkeypatch.setattr(bulk, "insert", fails)
    [data] = journal(1)
    receipt(data)
    assert Segment.objects.get().why == "ArithmeticError: sums to 3"
    monkeypatch.undo()
    assert work(NOW_S) == 1
    assert Segment.objects.get().why == ""


def test_a_record_that_this_software_cant_read_is_held_and_quarantined(monkeypatch: pytest.MonkeyPatch) -> None:
    [data] = journal(1)
    problem = scan(data[:-40] + bytes(40))._replace(problem=scan(b"no journal").problem)
    monkeypatch.setattr(deriving, "scan", lambda _: problem)
    receipt(data)
    assert states() == [(1, "quarantined")] and Segment.objects.get().why.startswith("record ")


def test_what_a_vehicle_tells_of_itself_is_remembered_cleaned(vehicle: Vehicle) -> None:
    tells(software="1.2\x1b[31m\n", waiting=[9, 8, 8], aside=[3], bundles={"hotlist": 4, "other": "x"})
    vehicle.refresh_from_db()
    assert vehicle.software == "1.2[31m" and vehicle.heard_at_s is not None
    assert (vehicle.waiting, vehicle.aside, vehicle.bundles) == ([8, 9], [3], {"hotlist": 4})
