"""Recorded rides under rules, whoever asks: what each comes to, and what all come to together.

`farebox tariff reprice` compares that with what was taken, `farebox tariff diff` with what another tariff makes of it.
Needs the bulk extra (NumPy, Arrow).
"""

from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np

from farebox.duty import Duty
from tariff.bulk import NO_DUE, NOT_REFUSED, Column, Path, Repriced
from tariff.bulk import reprice as bulk_reprice
from tariff.refusal import Code
from tariff.rulebook import Purse
from tools.tariff.path_clock import PathClock
from tools.tariff.quote_json import Json
from tools.tariff.rides import Batch, Recorded, amounts, batches


class Priced(NamedTuple):
    """All rides of a file under rules: `due_yen` and `refusal` have a value a row, as in tariff.bulk.Repriced."""

    due_yen: Column
    refusal: Column
    sums: "Sums"
    clock: PathClock

    @property
    def is_settled(self) -> Column:
        """Which rides are not refused."""
        settled: Column = self.due_yen != NO_DUE
        return settled

    @property
    def total_yen(self) -> int:
        """Due from all rides that are not refused."""
        return int(self.due_yen[self.is_settled].sum())


def price(recorded: Recorded, duty: Duty, advance: Callable[[int], None]) -> Priced:
    """Price all rides; `advance` is told of so many more that are done. Raises RidesFault; what Duty does."""
    due_yen = np.full(recorded.rides, NO_DUE, np.int64)
    refusal = np.full(recorded.rides, NOT_REFUSED, np.int8)
    clock = PathClock(perf_counter)

    def watch(path: Path, rides: int) -> None:
        clock(path, rides)
        advance(rides)

    sums = Sums()
    for batch in batches(recorded, duty):
        clock.restart()
        found = bulk_reprice(batch.rides, batch.tables, batch.rulebook, watch)
        due_yen[batch.rows], refusal[batch.rows] = found.due_yen, found.refusal
        sums.add(recorded, batch, found)
    return Priced(due_yen, refusal, sums, clock)


class Sums:
    """What the batches of a file come to together."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.rules: list[Json] = []
        self.by_company: list[Json] = []
        self.by_product: list[Json] = []
        self.by_purse: Counter[Purse] = Counter()
        self.cash_yen = self.auto_charged_yen = 0
        self.paths: Counter[str] = Counter()
        self._refused: dict[Code, Json] = {}

    def add(self, recorded: Recorded, batch: Batch, found: Repriced) -> None:
        """Count a batch in."""
        book = batch.rulebook
        whose = {"operator": book.scheme, "effective": book.effective.isoformat()}
        names = {company.number: company.name for company in book.companies}
        self.rules.append(whose | {"name": book.name, "rides": len(batch.rows)})
        self.by_company += [whose | {"name": names[key], "yen": yen} for key, yen in found.by_company.items()]
        for number, yen in found.by_product.items():
            product = book.product(number) if number is not None else None
            name = product.title if product else None if number is None else str(number)
            self.by_product.append(whose | {"product": name, "yen": yen})
        self.by_purse.update(found.by_purse)
        self.cash_yen += found.cash_yen
        self.auto_charged_yen += found.auto_charged_yen
        self.paths.update(found.paths)
        for code, rides in found.refused.items():
            row, refusal = found.examples[code]
            first = recorded.shown_row(int(batch.rows[row]))
            known = self._refused.get(code, {"code": str(code), "rides": 0, "first_row": first})
            if first <= known["first_row"]:
                known |= {"rule": refusal.rule, "first_row": first, "detail": refusal.detail}
            self._refused[code] = known | {"rides": known["rides"] + rides}

    def refused(self) -> list[Json]:
        """Most frequent first."""
        return sorted(self._refused.values(), key=lambda one: -int(one["rides"]))


class _Change(NamedTuple):
    """What rides come to now and did before, of those for which both are known."""

    rides: int
    yen: int
    dearer: int
    cheaper: int


def _change(before_yen: Column, now_yen: Column, is_known: Column) -> _Change:
    more_yen = (now_yen - before_yen)[is_known]
    return _Change(len(more_yen), int(more_yen.sum()), int((more_yen > 0).sum()), int((more_yen < 0).sum()))


def report(recorded: Recorded, priced: Priced) -> Json:
    """What rides come to, beside what was taken for them. Raises RidesFault."""
    amount, has_amount = amounts(recorded)
    change = _change(amount, priced.due_yen, priced.is_settled & has_amount)
    sums = priced.sums
    return {
        "simulated": True,
        "file": str(recorded.path),
        "rides": recorded.rides,
        "rules": sums.rules,
        "amount_yen": int(amount[has_amount].sum()) if has_amount.any() else None,
        "due_yen": priced.total_yen,
        "compared": change.rides,
        "difference_yen": change.yen if has_amount.any() else None,
        "dearer": change.dearer,
        "cheaper": change.cheaper,
        "refused": sums.refused(),
        "by_company": sums.by_company,
        "by_product": sums.by_product,
        "by_purse": {str(purse): yen for purse, yen in sums.by_purse.items()} | {"cash": sums.cash_yen},
        "auto_charged_yen": sums.auto_charged_yen,
        "paths": [
            {"path": str(path), "rides": sums.paths[path], "rides_s": priced.clock.rides_s(path)} for path in Path
        ],
        "unused_columns": list(recorded.unused),
    }


def revenue(recorded: Recorded, old: Priced, new: Priced) -> Json:
    """What two tariffs make of the same rides.

    A ride that a tariff refuses brings it nothing; `compared` are those that neither refuses.
    """
    change = _change(old.due_yen, new.due_yen, old.is_settled & new.is_settled)
    was, is_now = (_by_company(priced) for priced in (old, new))
    return {
        "simulated": True,
        "file": str(recorded.path),
        "rides": recorded.rides,
        "old": old.total_yen,
        "new": new.total_yen,
        "difference_yen": new.total_yen - old.total_yen,
        "compared": change.rides,
        "compared_difference_yen": change.yen,
        "dearer": change.dearer,
        "cheaper": change.cheaper,
        "by_company": [
            {"operator": scheme, "name": name, "old": was[scheme, name], "new": is_now[scheme, name]}
            | {"difference_yen": is_now[scheme, name] - was[scheme, name]}
            for scheme, name in sorted({*was, *is_now})
        ],
        "refused": {"old": old.sums.refused(), "new": new.sums.refused()},
        "unused_columns": list(recorded.unused),
    }


def _by_company(priced: Priced) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in priced.sums.by_company:
        found[one["operator"], one["name"]] += one["yen"]
    return found
