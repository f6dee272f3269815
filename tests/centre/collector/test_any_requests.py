"""Whatever comes from vehicles, in whichever order, however often, cut or forged: what is booked is a beginning of each
journal, once, and what got a receipt is held (faults 32 to 38, 40).
"""

from functools import cache

import pytest
from django.http import HttpResponse, HttpResponseBase
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from centre.collector.gaps import wanted
from centre.collector.models import Piece, Record, Segment, SetAside, State, Upload, Vehicle
from centre.collector.uploads import MOST_UPLOADS
from centre.collector.work import work
from farebox.formats.centre import held_from
from sim.centre import KEYS, NOW_S
from tests.centre.collector.vehicle import BUS, RECORDS, Sender, journal, registered, seal_of

BUS_7, BUS_8 = Sender(), Sender("8e" * 32)
MOST = 4


@cache
def every() -> dict[tuple[str, str], list[bytes]]:
    """Two journals of one vehicle, and one of another, by vehicle and disk."""
    return {
        (BUS, "old disk"): journal(MOST, tag="old disk"),
        (BUS, "new disk"): journal(MOST, tag="new disk"),
        ("BUS-8", "its own"): journal(MOST, "BUS-8"),
    }


SEGMENTS = st.tuples(st.sampled_from(list(every())), st.integers(0, MOST - 1))


class AnyRequests(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        for model in (Record, Segment, Upload, SetAside, Vehicle):
            model.objects.all().delete()
        registered()
        registered("BUS-8", token=BUS_8.token)
        self.receipts: dict[bytes, bytes] = {}

    def _of(self, which: tuple[tuple[str, str], int]) -> tuple[Sender, bytes]:
        (terminal_id, disk), number = which
        return BUS_7 if terminal_id == BUS else BUS_8, every()[terminal_id, disk][number]

    def _told(self, data: bytes, answer: HttpResponseBase) -> None:
        """A receipt is for this very segment, and the same every time."""
        if isinstance(answer, HttpResponse) and answer.status_code == 200:
            assert held_from(answer.content, KEYS).is_of(seal_of(data))
            assert self.receipts.setdefault(data, answer.content) == answer.content

    @rule(which=SEGMENTS, times=st.integers(1, 2))
    def a_whole_comes(self, which: tuple[tuple[str, str], int], times: int) -> None:
        sender, data = self._of(which)
        for _ in range(times):
            self._told(data, sender.sends(data))

    @rule(which=SEGMENTS, at=st.integers(0, 400), length=st.integers(1, 400))
    def a_piece_comes(self, which: tuple[tuple[str, str], int], at: int, length: int) -> None:
        sender, data = self._of(which)
        self._told(data, sender.sends(data, at=min(at, len(data)), to=max(at + length, len(data) - 50)))

    @rule(which=SEGMENTS, length=st.integers(1, 300))
    def it_goes_on_from_where_it_was(self, which: tuple[tuple[str, str], int], length: int) -> None:
        sender, data = self._of(which)
        here = sender.looks(data)
        if here.status_code == 204:
            at = int(here["Upload-Offset"])
            self._told(data, sender.sends(data, at=at, to=at + length))

    @rule(which=SEGMENTS, place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def a_forged_one_comes(self, which: tuple[tuple[str, str], int], place: int, bit: int) -> None:
        sender, data = self._of(which)
        forged = bytearray(data)
        forged[place % len(data)] ^= 1 << bit
        answer = sender.sends(bytes(forged), path=sender.path(data))
        assert answer.status_code in (422, 403, 409) or data in self.receipts
        self._told(data, answer)

    @rule(which=SEGMENTS)
    def another_vehicle_sends_it(self, which: tuple[tuple[str, str], int]) -> None:
        sender, data = self._of(which)
        other = BUS_8 if sender == BUS_7 else BUS_7
        assert other.sends(data).status_code in (403, 409)

    @rule()
    def work_is_done(self) -> None:
        work(NOW_S)

    @invariant()
    def what_got_a_receipt_is_held_as_it_was_sent(self) -> None:
        held = {bytes(segment.sealed.data) for segment in Segment.objects.all()}
        assert held == set(getattr(self, "receipts", {}))

    @invariant()
    def what_is_booked_is_a_beginning_of_each_journal_once(self) -> None:
        for (terminal_id, _), segments in every().items():
            digests = [seal_of(data).digest.hex() for data in segments]
            booked = Segment.objects.filter(
                vehicle__terminal_id=terminal_id, journal=digests[0], state=State.BOOKED
            ).order_by("number")
            assert [segment.digest for segment in booked] == digests[: len(booked)]
            rows = Record.objects.filter(segment__in=booked)
            assert rows.count() == RECORDS * len(booked)
        assert Record.objects.count() == RECORDS * Segment.objects.filter(state=State.BOOKED).count()

    @invariant()
    def what_is_unfinished_is_bounded(self) -> None:
        assert Upload.objects.count() <= 2 * MOST_UPLOADS
        for upload in Upload.objects.all():
            pieces = Piece.objects.filter(upload=upload).order_by("offset_bytes")
            assert sum(len(piece.data) for piece in pieces) == upload.here_bytes

    def teardown(self) -> None:
        """In the end all of it comes, what is wanted first."""
        for vehicle in Vehicle.objects.all():
            assert all(1 <= number <= MOST for number in wanted(vehicle))
        for which in ((key, number) for key in every() for number in range(MOST)):
            sender, data = self._of(which)
            here = sender.looks(data)
            at = int(here["Upload-Offset"]) if here.status_code == 204 else 0
            came = sender.sends(data, at=at)
            self._told(data, came if came.status_code == 200 else sender.sends(data))  # what was here was forged
        work(NOW_S)
        assert set(Segment.objects.values_list("state", flat=True)) == {State.BOOKED}
        assert Record.objects.count() == 3 * MOST * RECORDS
        assert not any(wanted(vehicle) for vehicle in Vehicle.objects.all())


@pytest.mark.django_db
def test_faults_32_to_40_any_requests_in_any_order() -> None:
    run_state_machine_as_test(
        AnyRequests,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
