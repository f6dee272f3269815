"""Any life of directives: given, withdrawn, published, fetched by some buses and not by others, written at taps that
tear, told late and in any order; cards that are over, a database that comes back from a backup (CTR-3).

The card is the rules' own: `cardimage.directives.apply` does what a terminal does with it.
"""

from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Model, QuerySet
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cardimage.directives import apply
from centre import clock
from centre.bundles.models import Directive, Numbers, Published, Restored, Series
from centre.bundles.publishing import contents, publish
from centre.bundles.services import DirectiveFault, direct, restored, seen, withdraw
from centre.cards.models import Card
from farebox.formats import bundle as form
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, Change, PassGiven
from tariff.account import Account
from tests.centre.bundles.centre_cards import DAY, IDM, card_of, pass_from

NOW_S = 1_795_000_000
BUSES = 3
LONGEST_DAYS = 20
HOUR_S = 3_600

triggers, amounts = st.sampled_from([100, 500]), st.sampled_from([1_000, 3_000])
auto_charges = st.one_of(
    st.just(AutoChargeOff()), st.builds(AutoChargeSet, triggers, amounts, st.just(9_000), st.just(30_000))
)
buses = st.integers(0, BUSES - 1)


KEPT: tuple[type[Model], ...] = (Directive, Numbers, Restored, Series, Published)
"""What a backup has of it."""


class Lives(RuleBasedStateMachine):
    """One card, three buses, one centre, and what the centre was asked for last."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s, self.day = NOW_S, DAY
        self.account = Account("aizu-noruca", 0, named=True)
        self.heard: list[tuple[form.Directive, ...]] = [()] * BUSES
        self.journals: list[list[int]] = [[] for _ in range(BUSES)]
        self.given: dict[int, form.Directive] = {}
        self.written: list[int] = []
        self.highest_version = 0
        self.undone = False
        """Whether anything was withdrawn on purpose, or bytes of it are older than that."""
        self.times = ExitStack()
        self.times.enter_context(patch.object(clock, "now_s", lambda: self.now_s))
        self.times.enter_context(patch.object(clock, "today", lambda: self.day))
        self.backed_up_at_s = NOW_S
        self.backup: list[tuple[type[Model], list[dict[str, Any]]]] = []
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        self.times.close()

    @initialize()
    def issued(self) -> None:
        self.card: Card = card_of()

    @rule(days=st.integers(0, LONGEST_DAYS), change=auto_charges)
    def auto_charge_is_set(self, days: int, change: Change) -> None:
        self._give(self.day + timedelta(days), change)

    @rule(days=st.integers(0, LONGEST_DAYS), length=st.integers(1, 30))
    def a_pass_is_renewed(self, days: int, length: int) -> None:
        first = self.day + timedelta(days)
        self._give(first, pass_from(first, first + timedelta(length)))

    def _give(self, first_day: date, change: Change) -> None:
        try:
            made = direct(self.card, first_day, [change])
        except DirectiveFault as fault:
            assert "changes waiting" in str(fault)
            return
        assert tuple(made.changes) == (change,) and made.first_day == first_day

    @rule(place=st.integers(0, 99))
    def one_is_withdrawn(self, place: int) -> None:
        waiting = [one for one in self.card.directives.all() if one.is_open]
        if waiting:
            self.undone = True
            assert withdraw(waiting[place % len(waiting)], "asked for")

    @rule()
    def the_centre_publishes(self) -> None:
        publish(self.now_s)
        self.now_s += 1

    @rule(bus=buses)
    def a_bus_fetches(self, bus: int) -> None:
        newest = Published.objects.filter(kind="directives").first()
        if newest is not None:
            found = contents(newest)
            assert isinstance(found, form.Directives)
            self.heard[bus] = found.of(bytes.fromhex(IDM))

    @rule(bus=buses, is_written=st.booleans())
    def the_card_is_tapped(self, bus: int, is_written: bool) -> None:
        made = apply(self.account, self.heard[bus], self.day)
        assert made.unfit is None
        if is_written:  # else the tap tore, and nothing of it counts
            self.account = made.account
            self.written += [one.number for one in made.done]
            self.journals[bus] += [one.number for one in made.done]

    @rule(bus=buses, twice=st.booleans())
    def a_bus_uploads(self, bus: int, twice: bool) -> None:
        for number in self.journals[bus] * (2 if twice else 1):
            seen(IDM, number, self.now_s)
        self.journals[bus] = []

    @rule(days=st.integers(1, 5))
    def days_go_by(self, days: int) -> None:
        self.day += timedelta(days)
        self.now_s += 86_400 * days

    @rule()
    def a_backup_is_made(self) -> None:
        self.backed_up_at_s = self.now_s
        self.backup = [(model, list(model._default_manager.values())) for model in KEPT]

    @rule()
    def the_database_comes_back_from_the_backup(self) -> None:
        """What was given, published and told since is forgotten here; the buses and the card are as they are."""
        for model, _ in reversed(self.backup):
            QuerySet(model)._raw_delete(DEFAULT_DB_ALIAS)  # rows lean on each other
        for model, rows in self.backup:
            model._default_manager.bulk_create(model(**row) for row in rows)
        self.undone = bool(self.backup) or self.undone
        self.now_s += HOUR_S  # the same backup twice at one moment is the same jump twice: docs/centre/bundles.md
        restored(self.now_s, self.backed_up_at_s)

    @invariant()
    def no_number_is_given_or_written_twice(self) -> None:
        rows = {one.number: form.read_directive(bytes(one.entry)) for one in Directive.objects.all()}
        assert all(self.given.get(number, one) == one for number, one in rows.items())
        self.given |= rows
        assert len(set(self.written)) == len(self.written)
        assert all(one.last >= max(rows, default=0) for one in Numbers.objects.all())

    @invariant()
    def what_is_open_is_what_a_bundle_may_hold(self) -> None:
        waiting = [one for one in self.card.directives.all() if one.is_open]
        assert len(waiting) <= form.MOST_DIRECTIVES
        assert [one.first_day for one in waiting] == sorted(one.first_day for one in waiting)

    @invariant()
    def versions_only_rise(self) -> None:
        newest = Published.objects.order_by("-pk").filter(kind="directives").first()
        if newest is not None:
            assert newest.version >= self.highest_version
            self.highest_version = newest.version

    @invariant()
    def what_is_known_to_be_written_is(self) -> None:
        for one in Directive.objects.filter(state="applied"):
            assert one.number <= self.account.directive

    @invariant()
    def nothing_that_was_asked_for_gets_lost(self) -> None:
        """A bus that hears the newest and is tapped on the last of days brings the card to what the centre means."""
        if self.undone:
            return
        told = tuple(form.read_directive(bytes(one.entry)) for one in self.card.directives.all() if one.is_open)
        last_day = self.day + timedelta(LONGEST_DAYS + 1)
        card = apply(self.account, told, last_day).account
        for kind, held in ((PassGiven, card.held_pass), ((AutoChargeSet, AutoChargeOff), card.auto_charge)):
            of_kind = [one for one in self.given.values() if isinstance(one.changes[0], kind)]
            if of_kind:
                newest = max(of_kind, key=lambda one: (one.first_day, one.number))
                wanted = apply(Account("aizu-noruca", 0, named=True), [newest], last_day).account
                assert held == (wanted.held_pass if kind is PassGiven else wanted.auto_charge)


@pytest.mark.django_db
def test_ctr_3_any_life_of_directives() -> None:
    assert connection.in_atomic_block
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
