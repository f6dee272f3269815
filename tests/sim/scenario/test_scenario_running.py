"""Scenarios as they are run: what passes, and that each expectation can fail, in words that say what and where."""

import pytest

from sim.scenario.faults import ScenarioBroken
from tests.sim.scenario.bench import played

RIDE = ('board = "花子", at = "磐城棚倉"', 'alight = "花子", at = "新白河"')
SHORT = ('board = "太郎", at = "実業高校前"', 'alight = "太郎", at = "南湖公園", refused = "short"')


def test_a_ride_that_is_as_expected_passes_and_reconciles() -> None:
    outcome = played(*RIDE)
    assert outcome.passed and outcome.tally is not None
    assert (outcome.tally.difference_yen, outcome.tally.ledger.fares_yen) == (0, 500)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("fare = 490", "fare: expected 490, was 500"),
        ("cash = 10", "cash: expected 10, was 0"),
        ("balance = 499", "balance: expected 499, was 500"),
        ("purses = { regular = 1 }", "purses.regular: expected 1, was 0"),
        ("auto_charged = 1_000", "auto_charged: expected 1,000, was 0"),
        ("earned = 15", "earned: expected 15, was 0"),
        ('lines = ["GEN-4 500"]', "lines: expected GEN-4 500, was GEN-4 500 · GEN-3 500"),
        ('refused = "short"', "refused: expected short, was nothing: the card is taken"),
        ('sound = "buzz"', "sound: expected buzz, was pip"),
        ('remarks = ["incomplete-ride"]', "remarks: expected incomplete-ride, was nothing"),
        ('shown = ["使えません"]', "shown: expected 使えません, was GEN-4 運賃"),
        ("not_served = true", "the card: expected not served, was GEN-4 fare"),
        ('asks = "payment"', "asks: expected payment, was nothing"),
        ('journal = ["alight 490", "written"]', "journal: expected alight 490 · written, was alight 500 · written"),
    ],
)
def test_every_expectation_of_a_tap_can_fail(expected: str, said: str) -> None:
    outcome = played(RIDE[0], f"{RIDE[1]}, {expected}")
    assert not outcome.passed
    assert outcome.complaint[0] == "test.scenario.toml:15: step 2: alight 花子 at 新白河"
    assert any(line.strip().startswith(said) for line in outcome.complaint), outcome.complaint


def test_a_refusal_that_nobody_expects_fails_and_says_why() -> None:
    outcome = played(SHORT[0], SHORT[1].replace(', refused = "short"', ""))
    assert "short of stored fare" in "\n".join(outcome.complaint)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("cash = 20", "end.cash: expected 20, was 10"),
        ("credit = 1", "end.credit: expected 1, was 0"),
        ("notes = 1_000", "end.notes: expected 1,000, was 0"),
        ("boardings = 2", "end.boardings: expected 2, was 1"),
        ("alightings = 0", "end.alightings: expected 0, was 1"),
        ("refused = 0", "end.refused: expected 0, was 1"),
        ("pending = 1", "end.pending: expected 1, was 0"),
        ("unknown = 1", "end.unknown: expected 1, was 0"),
        ('cards."太郎".balance = 4', "end.cards.太郎.balance: expected 4, was 5"),
        ('cards."太郎".purses.eco = 4', "end.cards.太郎.purses.eco: expected 4, was 0"),
    ],
)
def test_every_expectation_of_the_end_can_fail(expected: str, said: str) -> None:
    paid = (*SHORT, 'answer_payment = "part-cash"', 'alight = "太郎"')
    outcome = played(*paid, more=f"end.{expected}")
    assert outcome.complaint[0] == "test.scenario.toml:10: the end: one"
    assert said in "\n".join(outcome.complaint)


def test_a_write_whose_end_is_not_known_is_named() -> None:
    torn = f'{RIDE[1]}, tear = {{ command = 5, moment = "after" }}, refused = "touch-again"'
    assert "end.pending: expected 0, was 1" in "\n".join(played(RIDE[0], torn).complaint)
    assert played(RIDE[0], torn, more="end.pending = 1").passed
    assert played(RIDE[0], torn, "power_cut = true", 'alight = "花子", balance = 500').passed


def test_a_tear_at_a_command_that_never_came_is_no_test() -> None:
    with pytest.raises(ScenarioBroken, match="tear: the card was not taken away, for it got 5 commands; name one of"):
        played(RIDE[0], f'{RIDE[1]}, tear = {{ command = 6, moment = "before" }}')


def test_the_bus_goes_from_stop_to_stop_to_the_last() -> None:
    steps = (RIDE[0], "next_stop = true", "next_stop = true", 'alight = "花子", fare = 400')
    assert played(*steps).passed
    with pytest.raises(ScenarioBroken, match="step 6: next_stop: 新白河 is the last one"):
        played(*steps, 'drive_to = "新白河"', "next_stop = true")


def test_what_the_terminal_does_not_allow_is_a_failure_and_no_fault() -> None:
    outcome = played('answer_payment = "all-cash"')
    assert "this step: expected possible, was " in outcome.complaint[1]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('board = "花子", at = "東京"', "no stop '東京' on this trip; it serves 磐城棚倉 → 実業高校前"),
        ('board = "花子", at = "新白河", visit = 2', "no stop '新白河' on this trip a 2. time"),
        ('board = "花子", time = 07:00:00', "it is 2026-11-20 08:00:00 already"),
    ],
)
def test_what_the_route_does_not_have_is_told_with_its_line(step: str, said: str) -> None:
    with pytest.raises(ScenarioBroken) as broken:
        played(step)
    assert str(broken.value).startswith("test.scenario.toml:14: step 1: ") and said in str(broken.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('bus = { operator = "no-such" }', "no operator 'no-such'; choose one of"),
        ('bus = { route = "Y" }', "no route 'Y' in this file (there are: 白棚線); name a feed"),
        ('bus = { feed = "sample", route = "Y" }', "Y"),
        ('bus = { feed = "nowhere.zip", route = "白棚線" }', "nowhere.zip"),
        ('bus = { feed = "sample", route = "HAKUHO", trip = "X" }', "no trip 'X' in the feed"),
        (
            'bus = { feed = "sample", route = "HAKUHO", departs = 03:00:00 }',
            "no trip of HAKUHO on 2026-11-20 at 03:00:00; trips leave at 06:40, ",
        ),
        ('cards."花子".pass = { product = "x", first = 2026-11-20, last = 2026-11-20 }', "no product 'x' with LOCOCA"),
        ('cards."花子".pass = { area = "x", first = 2026-11-20, last = 2026-11-20 }', "has no area x"),
        ('cards."花子".coupons.regular = 3', "a card of LOCOCA has no such purse"),
        ('cards."花子".auto_charge = { trigger = 1, amount = 1 }', "offers none; say day_cap and month_cap"),
        ('cards."花子" = { recorded = "no-such.nfc" }', "no-such.nfc: No such file or directory; check the path"),
        ('bus.operator_file = "mine/2016-01-01.toml"', "mine/2016-01-01.toml: No such file or directory"),
    ],
)
def test_what_operator_and_feed_do_not_have_is_told(more: str, said: str) -> None:
    with pytest.raises(ScenarioBroken) as broken:
        played('board = "花子"', more=more)
    assert said in str(broken.value) and str(broken.value).startswith("test.scenario.toml:")


def test_a_scenario_that_must_fail_passes_by_failing_so() -> None:
    wrong = f"{RIDE[1]}, fare = 490"
    assert played(RIDE[0], wrong, more='fails = "fare: expected 490, was 500"').passed
    other = played(RIDE[0], wrong, more='fails = "balance"')
    assert "it must fail with 'balance', but said" in other.complaint[0]
    assert "it must fail (fare), and did not" in played(*RIDE, more='fails = "fare"').complaint[0]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("cancelled = 490", "cancelled: expected 490, was 500"),
        ("cash_back = 10", "cash_back: expected 10, was 0"),
        ("balance = 500", "balance: expected 500, was 1,000"),
    ],
)
def test_every_expectation_of_a_cancelling_can_fail(expected: str, said: str) -> None:
    outcome = played(*RIDE, f'cancel = "花子", {expected}')
    assert said in "\n".join(outcome.complaint)
    assert outcome.complaint[0] == "test.scenario.toml:16: step 3: cancel 花子 at 新白河"


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("topped_up = 2_000", "topped_up: expected 2,000, was 1,000"),
        ("returned = []", "returned: expected nothing, was 2,000"),
        ('refused = "not-at-stop"', "refused: expected not-at-stop, was nothing"),
    ],
)
def test_every_expectation_of_a_top_up_can_fail(expected: str, said: str) -> None:
    outcome = played(f'top_up = "花子", notes = [1_000, 2_000], {expected}')
    assert said in "\n".join(outcome.complaint)
