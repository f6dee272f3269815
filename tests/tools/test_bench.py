"""The benchmark: its counts, which hold on any machine, and that it runs and says what it found. No times."""

import json
from math import nan
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from farebox.machine import CompiledMachine, TransitionsMachine
from tariff.bulk import Path as Way
from tools.bench import bulk_repricing, card_commands, replay_rate, settle_cpu, terminal_cpu
from tools.bench.__main__ import CASES, TO_COME, main
from tools.bench.durable_journal import flushes_per_tap
from tools.bench.measure import QUICK, Effort, Figure, Spread, beside, in_turns, percentile, ratio
from tools.bench.peers.event_loop import PlainEnvironment, run_day


def test_a_taps_card_commands_are_the_fewest() -> None:
    rows = card_commands.rows(QUICK)
    assert [(row.what, row.ours.value) for row in rows] == [
        ("card commands, boarding, general card", 4),
        ("card commands, boarding, pass", 5),
        ("card commands, alighting, general card", 5),
        ("card commands, alighting, pass", 6),
        ("card commands, boarding, the commit's answer lost", 5),
    ]
    assert all(row.held for row in rows)


def test_stock_nfcpy_needs_nine_for_one_read_and_one_write() -> None:
    assert {row.peer for row in card_commands.rows(QUICK)} == {Figure(9)}


def test_every_tap_is_flushed_exactly_once(tmp_path: Path) -> None:
    assert flushes_per_tap(tmp_path / "bench.journal", taps=10) == [1.0] * 20


def test_both_machines_write_the_same_journals() -> None:
    _, slow = replay_rate.replay(TransitionsMachine)
    _, fast = replay_rate.replay(CompiledMachine)
    assert len(slow) == 4 and slow == fast


def test_the_peers_do_their_work() -> None:
    vehicles = replay_rate.peer_fleet()
    riders = sum(trip.riders for trips in vehicles for trip in trips)
    taps = run_day(PlainEnvironment, vehicles, Random(1))
    assert len(taps) == 2 * riders
    assert all(tap.before_yen - tap.after_yen == tap.due_yen for tap in taps)
    assert {tap.due_yen > 0 for tap in taps if tap.action == "alight"} == {True}
    assert [row.letter for row in terminal_cpu.rows(Effort(1, 2))] == ["c", "c"]


@pytest.mark.parametrize(("case", "due_yen"), list(zip(settle_cpu.cases(), (250, 630), strict=True)))
def test_we_and_the_peer_settle_the_same(case: settle_cpu.Case, due_yen: int) -> None:
    assert case.ours() == case.peer() == due_yen


def test_bulk_prices_as_its_peers_and_settle_do() -> None:
    network = bulk_repricing.Network(3_000)
    plain = network.plain()
    priced = network.priced(plain)
    assert sum(priced.by_company.values()) == priced.total_yen > 0
    for peer, _ in bulk_repricing.peers_of(network, plain):
        assert peer.sums() == priced.by_company
    for rides in (plain, network.with_passes(), network.mixed()):
        assert network.differing(rides, network.priced(rides)) == 0


def test_each_path_of_bulk_is_measured() -> None:
    network = bulk_repricing.Network(3_000)
    paths = [network.priced(rides).paths for rides in (network.plain(), network.with_passes(), network.mixed())]
    assert [path for path, rides in paths[0].items() if rides] == [Way.OD]
    assert [path for path, rides in paths[1].items() if rides] == [Way.VECTORISED]
    assert [path for path, rides in paths[2].items() if rides] == [Way.VECTORISED, Way.SETTLED]
    assert {row.letter for row in bulk_repricing.rows(Effort(2, 1))} == {"f"}


def test_json_has_the_shape_that_machines_read() -> None:
    outcome = CliRunner().invoke(main, ["--only", "a,g", "--quick", "--json"], catch_exceptions=False)
    assert outcome.exit_code == 0
    document = json.loads(outcome.stdout)
    assert set(document) == {"machine", "quick", "rows", "to_come"}
    assert document["quick"] is True
    assert document["to_come"] == [{"goal": "g", "what": TO_COME["g"]}]
    assert {row["goal"] for row in document["rows"]} == {"a"}
    for row in document["rows"]:
        assert set(row) == {"goal", "what", "wanted", "ours", "peer", "ratio", "noise", "held"}
        assert set(row["ours"]) == {"value", "unit"}
        assert set(row["peer"]) == {"name", "value", "unit"}
        assert set(row["ratio"]) == {"median", "low", "high"}
        assert row["held"] is True


def test_the_table_has_a_line_a_row() -> None:
    outcome = CliRunner().invoke(main, ["--only", "l,a", "--quick"], catch_exceptions=False)
    heading, *lines = outcome.stdout.splitlines()
    assert heading.split()[:3] == ["what", "goal", "ours"]
    assert [line[0] for line in lines] == ["a"] * 5 + ["l"]
    assert lines[0].endswith("held") and lines[-1].endswith("to come")


@pytest.mark.parametrize("letters", ["z", "a,zz", ""])
def test_an_unknown_goal_is_a_usage_error(letters: str) -> None:
    outcome = CliRunner().invoke(main, ["--only", letters])
    assert outcome.exit_code == 2 and "there are a to l" in outcome.stderr


def test_every_goal_is_measured_or_to_come() -> None:
    assert [*CASES, *TO_COME] == list("abcdefghijkl")


# -- measuring


def test_turns_rotate_and_the_warm_up_is_not_counted() -> None:
    order: list[str] = []

    def run(name: str) -> list[float]:
        order.append(name)
        return [float(len(order))]

    found = in_turns({"x": lambda: run("x"), "y": lambda: run("y")}, rounds=2)
    assert "".join(order) == "yx" + "xy" + "yx"
    assert found == {"x": [[3.0], [6.0]], "y": [[4.0], [5.0]]}


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio([1.0, 20.0, 3.0], [2.0, 40.0, 3.0]) == Spread(0.5, 0.5, 1.0)


def test_a_percentile_is_one_of_the_samples() -> None:
    rounds = [[5.0, 1.0], [4.0, 2.0, 3.0]]
    assert [percentile(rounds, percent) for percent in (0, 50, 99)] == [1.0, 3.0, 5.0]


def test_samples_that_waited_for_a_cpu_are_left_out_on_both_sides() -> None:
    good, waited = [1.0] * 20, [nan] * 20
    found = beside([good + waited] * 3 + [waited * 2], [[2.0] * 40] * 4)
    assert (len(found.ours), len(found.peer), found.kept) == (3, 3, 220 / 320)
    assert found.tells and found.ratio() == Spread(0.5, 0.5, 0.5)


def test_a_machine_too_busy_gives_no_verdict() -> None:
    found = beside([[nan] * 10] * 3, [[1.0] * 10] * 3)
    assert not found.tells and found.ratio() is None
    assert str(found.figure(50, "ms", 1)[0]) == "-"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(4, "", "4"), (0.7412, "ms", "0.74 ms"), (26.13, "ms", "26.1 ms"), (12_345.6, "taps/s", "12,346 taps/s")],
)
def test_figures_show_three_digits(value: float, unit: str, text: str) -> None:
    assert str(Figure(value, unit)) == text
