"""Watching a replay: the live table, JSON lines, or nothing; and the summary that counts every yen."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

import click
from rich.cells import set_cell_size

from farebox.journal.fold import Ledger
from farebox.words import REFUSALS, Language, say
from sim.demand import Holdings
from sim.fleet import LAYOVER_S, Vehicle
from sim.replay import SeenTap, Tally
from tariff.calendar import clock_in_japan
from tariff.purses import balance_yen, money_yen
from tariff.refusal import Code
from tariff.rulebook import Purse
from tools.tap_table import TapTable, wrapped


class Replay(NamedTuple):
    """What was asked for, as it is printed."""

    feed: str
    day: date
    reader: str
    seed: int
    mean_riders: float
    language: Language
    assumed: tuple[str, ...] = ()
    """Agencies that no operator file names, for which rules were assumed."""


def print_assumed(options: Replay) -> None:
    """Whose rules were taken for agencies that no operator file names."""
    for agency in options.assumed:
        said = (
            f"{agency}: 事業者ファイルがないため LOCOCA の規則で計算します（--operator で選択）",
            f"{agency}: no operator file names it; LOCOCA's rules are assumed (--operator chooses)",
        )
        click.echo(say(said, options.language))


def chained_trips(vehicles: tuple[Vehicle, ...]) -> int:
    """How many trips have no block, and were chained by the rule."""
    return sum(len(vehicle.trips) for vehicle in vehicles if not vehicle.block_id)


def print_chained(vehicles: tuple[Vehicle, ...], language: Language, columns: int = 10_000) -> None:
    """By which rule trips without a block were chained, where there are any."""
    if chained_trips(vehicles):
        for line in wrapped(say(CHAINED, language), columns):
            click.echo(line)


_MINUTES = LAYOVER_S // 60
CHAINED = (
    f"block_id のない便は、始点に{_MINUTES}分以上いちばん長く停まっている同じ事業者の車両が就く規則でつなぎました。",
    f"Trips without a block_id are chained: of the operator's vehicles, the one that has stood longest at a trip's "
    f"first stop, {_MINUTES} minutes at least, takes it.",
)


def _counted(count: int, what: tuple[str, str], language: Language) -> str:
    return say((f"{count}{what[0]}", f"{count} {what[1]}{'' if count == 1 else 's'}"), language)


class Silent:
    """Nothing but the progress bar."""

    def begin(self) -> None:
        return

    def vehicle(self, vehicle: Vehicle) -> None:
        return

    def tap(self, seen: SeenTap) -> None:
        return


class Table(Silent):
    """The live table."""

    def __init__(self, options: Replay, vehicles: tuple[Vehicle, ...]) -> None:
        self._options = options
        self._trips = sum(len(vehicle.trips) for vehicle in vehicles)
        self._vehicles = vehicles
        self._table = TapTable(options.language)

    def begin(self) -> None:
        language = self._options.language
        how = {
            "pn532": ("PN532（擬似端末）＋実 pyserial＋実 nfcpy", "PN532 on a pty behind real pyserial and real nfcpy"),
            "image": ("カードイメージ（無線なし）", "card images without radio"),
        }[self._options.reader]
        banner = (
            say(("【模擬】", "[simulated 模擬] "), language) + f"{self._options.feed} {self._options.day}",
            _counted(len(self._vehicles), ("両", "vehicle"), language),
            _counted(self._trips, ("便", "trip"), language),
            say(how, language),
            say(("鍵・カード・乗客も模擬", "keys, cards and passengers are simulated"), language),
        )
        for line in wrapped(" · ".join(banner), self._table.columns):
            click.secho(line, fg="yellow")
        print_chained(self._vehicles, language, self._table.columns)
        print_assumed(self._options)
        self._table.head()

    def vehicle(self, vehicle: Vehicle) -> None:
        start = clock_in_japan(vehicle.trips[0].departs_s - 9 * 3_600)[:5]
        title = f"── {vehicle.vehicle_id} {vehicle.block_id} · {len(vehicle.trips)} · {start} "
        click.secho(title.ljust(60, "─"), dim=True)

    def tap(self, seen: SeenTap) -> None:
        self._table.tap(seen.result, seen.card.label)


class Lines(Silent):
    """One JSON object a tap."""

    def tap(self, seen: SeenTap) -> None:
        click.echo(json.dumps(_tap_json(seen), ensure_ascii=False))


def _tap_json(seen: SeenTap) -> dict[str, object]:
    result = seen.result
    settled = result.alighted.settlement if result.alighted else None
    account = result.after or result.before
    return {
        "at_s": result.at_s,
        "vehicle": seen.vehicle_id,
        "trip": seen.trip.trip_id,
        "stop_index": result.service.stop_index if result.service else None,
        "stop": result.service.stop_name if result.service else None,
        "card": seen.card.label,
        "side": result.side,
        "refusal": result.refusal.code if result.refusal else None,
        "refusal_rule": result.refusal.rule if result.refusal else None,
        "notes": [note.code for note in result.notes],
        "due_yen": settled.due_yen if settled else None,
        "stored_fare_yen": settled.stored_fare_yen if settled else None,
        "paid": dict(settled.paid.purses) if settled else {},
        "cash_yen": settled.cash_yen if settled else None,
        "auto_charged_yen": settled.auto_charged_yen if settled else None,
        "points_earned": settled.earned_points if settled else None,
        "lines": [line._asdict() for line in settled.lines] if settled else [],
        "balance_yen": money_yen(account) if account else None,
        "purses": {purse: yen for purse in Purse if (yen := balance_yen(account, purse))} if account else {},
        "simulated": True,
    }


def summary_json(
    options: Replay, refused: Counter[str], vehicles: tuple[Vehicle, ...], total: Tally
) -> dict[str, object]:
    return {
        "simulated": True,
        "feed": options.feed,
        "date": options.day.isoformat(),
        "reader": options.reader,
        "seed": options.seed,
        "rules_assumed_for": list(options.assumed),
        "vehicles": len(vehicles),
        "trips": sum(len(vehicle.trips) for vehicle in vehicles),
        "chained_trips": chained_trips(vehicles),
        "chaining_rule": dict(zip(("ja", "en"), CHAINED, strict=True)) if chained_trips(vehicles) else None,
        "cards": total.cards,
        "opening_yen": total.opening.total_yen,
        "opening": total.opening._asdict(),
        "on_cards_yen": total.on_cards.total_yen,
        "on_cards": total.on_cards._asdict(),
        **total.given._asdict(),
        "ledger": total.ledger._asdict(),
        "refused_by_code": dict(refused.most_common()),
        "ledger_yen": total.ledger_yen,
        "difference_yen": total.difference_yen,
        "problems": list(total.problems),
        "reconciles": total.reconciles,
    }


def print_summary(
    options: Replay, refused: Counter[str], vehicles: tuple[Vehicle, ...], total: Tally, out: Path | None
) -> None:
    """What it all came to; of `vehicles`, by which rule their trips were chained, where nothing has said so yet."""
    language = options.language
    ledger = total.ledger
    rows = (
        (("カード残額（読み戻し）", "yen on cards, read back"), total.on_cards.total_yen),
        *_held_rows(total.on_cards),
        (("＋ 現金", "+ cash taken"), total.given.cash_yen),
        (("＋ クレジット（オートチャージ）", "+ credit billed (auto-charge)"), total.given.credit_yen),
        None,
        (("期首残額", "opening balance"), total.opening.total_yen),
        *_held_rows(total.opening),
        (("＋ 帳簿（ジャーナル）", "+ ledger, from the journals"), total.ledger_yen),
        None,
        (("差額", "difference"), total.difference_yen),
    )
    run = f"{options.feed} {options.day} · {options.reader} · seed {options.seed}"
    click.secho("\n" + say(("【模擬】集計", "[simulated 模擬] summary"), language) + f" · {run}", bold=True)
    print_chained(vehicles, language)
    print_assumed(options)
    counts = (
        ("乗車", "boardings", ledger.boardings),
        ("降車", "alightings", ledger.alightings),
        ("受付不可", "refused", refused.total()),
        ("未確定", "pending", ledger.pending),
        ("カード", "cards", total.cards),
    )
    click.echo("  " + " · ".join(f"{say((ja, en), language)} {count:,}" for ja, en, count in counts))
    for code, count in refused.most_common():
        click.echo(f"    {count:>5,} {code}: {say(REFUSALS[Code(code)], language)}")
    click.echo(f"  {_fares_line(ledger, language)}")
    if total.opening.points or ledger.points_delta:
        click.echo(f"  {_points_line(ledger, language)}")
    for row in rows:
        if row is None:
            click.echo("  " + "─" * 46)
        else:
            title, yen = row
            click.echo(f"  {_padded(say(title, language))}{yen:>12,}")
    verdict = ("一致しました", "reconciles") if total.reconciles else ("一致しません", "DOES NOT RECONCILE")
    click.secho(f"  {say(verdict, language)}", fg="green" if total.reconciles else "red", bold=True)
    for problem in total.problems:
        click.echo(f"  {problem}")
    kept = (
        say(
            (f"保存先: {out}（報告書: farebox sim report {out}）", f"kept in {out}; farebox sim report {out} shows it"),
            language,
        )
        if out
        else say(
            ("ジャーナルは保存していません（--out DIR で保存）", "journals not kept (--out DIR keeps them)"), language
        )
    )
    click.echo(f"  {kept}")


def _fares_line(ledger: Ledger, language: Language) -> str:
    """What was due, and which purses paid it; coupons and points only where there are such."""
    coupons_yen = -ledger.coupons_delta_yen
    points = ledger.points_earned - ledger.points_lapsed - ledger.points_delta
    paid = (
        (("SF", "SF"), ledger.credit_yen - ledger.sf_delta_yen, not coupons_yen),
        (("回数券", "coupons"), coupons_yen, False),
        (("ポイント", "points"), points, False),
        (("現金", "cash"), ledger.cash_yen, True),
    )
    parts = (f"{say(title, language)} {yen:,}" for title, yen, always in paid if yen or always)
    return f"{say(('運賃収入', 'fares'), language)} {ledger.fares_yen:,} = {' + '.join(parts)}"


def _points_line(ledger: Ledger, language: Language) -> str:
    """Points given and gone: they are no money, but a ride owed."""
    counts = (("付与", "earned", ledger.points_earned), ("失効", "lapsed", ledger.points_lapsed))
    parts = (f"{say((ja, en), language)} {count:,}" for ja, en, count in counts)
    return f"{say(('ポイント（将来の負担）', 'points, a liability:'), language)} {' · '.join(parts)}"


_Row = tuple[tuple[str, str], int]


def _held_rows(held: Holdings) -> tuple[_Row, ...]:
    """What of the cards' yen is no stored fare, where there is any."""
    rows: tuple[_Row, ...] = (
        (("　うち回数券", "  of it coupons"), held.coupons_yen),
        (("　うちポイント（負担）", "  of it points, a liability"), held.points),
    )
    return tuple(row for row in rows if row[1])


def _padded(text: str) -> str:
    return set_cell_size(text, 34)
