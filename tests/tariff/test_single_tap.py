"""Routes with one tap only (GEN-6)."""

from array import array

import pytest

from tariff.fares import FareTable
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook
from tariff.single_tap import Taps, flat_run, taps_on
from tests.tariff.examples import HAKUHO_LINE, LOCOCA, triangle

FLAT = triangle("循環線", "駅前\n210 市役所\n210 210 病院\n210 210 210 駅前")


@pytest.mark.parametrize(
    ("place", "taps", "run"),
    [
        (0, Taps.BOARDING, (0, 1)),
        (1, Taps.BOARDING, (1, 2)),
        (2, Taps.BOARDING, (2, 3)),
        (1, Taps.ALIGHTING, (0, 1)),
        (3, Taps.ALIGHTING, (2, 3)),
    ],
)
def test_gen_6_one_tap_settles_the_shortest_run_where_all_cost_the_same(
    place: int, taps: Taps, run: tuple[int, int]
) -> None:
    assert flat_run(FLAT, place, taps) == run


@pytest.mark.parametrize(
    ("place", "taps", "detail"),
    [
        (0, Taps.BOARDING, "白棚線: fares differ for a tap at 磐城棚倉"),
        (4, Taps.ALIGHTING, "白棚線: fares differ for a tap at 新白河"),
        (4, Taps.BOARDING, "白棚線: no fare for a tap at 新白河"),
        (0, Taps.ALIGHTING, "白棚線: no fare for a tap at 磐城棚倉"),
    ],
)
def test_gen_6_gen_4_where_fares_differ_one_tap_is_refused(place: int, taps: Taps, detail: str) -> None:
    assert flat_run(HAKUHO_LINE, place, taps) == Refusal(Code.NO_FARE, "GEN-6", detail)


def test_gen_6_pairs_without_a_fare_are_no_rides() -> None:
    holed = triangle("循環線", "駅前\n- 市役所\n210 - 病院\n- 210 - 終点")
    assert flat_run(holed, 0, Taps.BOARDING) == (0, 2)
    assert flat_run(holed, 3, Taps.ALIGHTING) == (1, 3)


def test_gen_6_what_stands_below_the_diagonal_of_a_fare_table_is_no_run() -> None:
    square = FareTable(FLAT.pattern, array("l", [210] * 16))
    assert flat_run(square, 1, Taps.BOARDING) == (1, 2)
    assert flat_run(square, 2, Taps.ALIGHTING) == (1, 2)


def test_gen_6_gen_10_the_cash_fares_must_be_alike_too() -> None:
    cash = triangle("循環線", "駅前\n210 市役所\n220 210 病院\n210 210 210 駅前")
    both = FareTable(FLAT.pattern, FLAT._yen, cash)
    assert isinstance(flat_run(both, 0, Taps.BOARDING), Refusal)
    assert flat_run(both, 1, Taps.BOARDING) == (1, 2)


@pytest.mark.parametrize(
    ("rulebook", "taps"),
    [
        (LOCOCA, Taps.BOTH),
        (LOCOCA._replace(boarding_only_routes=("循環",)), Taps.BOARDING),
        (LOCOCA._replace(alighting_only_routes=("循環",)), Taps.ALIGHTING),
        (LOCOCA._replace(alighting_only_routes=("循環線-id",)), Taps.ALIGHTING),
        (LOCOCA._replace(boarding_only_routes=("白棚線",)), Taps.BOTH),
    ],
)
def test_gen_6_which_taps_a_route_asks_for(rulebook: Rulebook, taps: Taps) -> None:
    assert taps_on(FLAT.pattern, rulebook) is taps
