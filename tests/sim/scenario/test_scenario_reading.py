"""What a scenario file may say, and that everything wrong with one is told at once, line by line."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.faults import ScenarioBroken
from sim.scenario.places import lines_of
from sim.scenario.reading import MOST_BYTES, parse
from tests.sim.scenario.bench import HEAD, one, text_of

BOARD = 'board = "花子", at = "磐城棚倉"'


def told(text: str) -> list[str]:
    with pytest.raises(ScenarioBroken) as broken:
        parse(text.encode(), "x.scenario.toml")
    return list(broken.value.problems)


def test_everything_wrong_is_told_at_once_with_its_line() -> None:
    text = text_of('board = "花子", fare = "3", sond = 1', 'alight = "花子", lines = "x"', BOARD + ", time = 8")
    assert told(text) == [
        "x.scenario.toml:14: scenario 1, step 1, fare: '3' is not a whole number from 0 to 1,000,000, without quotes",
        "x.scenario.toml:14: scenario 1, step 1: sond: no such key; did you mean sound, shown?",
        "x.scenario.toml:15: scenario 1, step 2, lines: 'x' is not a list; put it in [ ]",
        "x.scenario.toml:16: scenario 1, step 3, time: 8 is not a time; write it as 08:00:00 or 2026-11-20T08:00:00, "
        "without quotes",
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("fare = 3", "nothing happens; a step has one of board, alight"),
        (f"{BOARD}, alight = '花子'", "board and alight in one step; make them two"),
        ('board = "花"', "'花' is no card of this scenario; did you mean 花子?"),
        ('board = "花子", bus = "二号車"', "'二号車' is no bus of this scenario; known are bus"),
        ('board = "花子", notes = [1_000]', "notes: does not go with board"),
        ("wait_s = 3, fare = 200", "fare: does not go with wait_s"),
        ('two_cards = ["花子", "太郎"], balance = 1', "balance: does not go with two_cards"),
        ('two_cards = ["花子", "太郎"], purses = { regular = 1 }', "purses: does not go with two_cards"),
        ('alight = "花子", refused = "short", fare = 5, cash = 5', "cash: does not go with refused: nothing is"),
        ('alight = "花子", refused = "short", lines = ["GEN-4 5"]', "lines: does not go with refused"),
        ('alight = "花子", not_served = true, sound = "pip"', "sound: does not go with not_served: nothing is shown"),
        ('alight = "花子", not_served = true, refused = "short"', "refused: does not go with not_served"),
        ('board = "花子", refused = "shirt"', "'shirt' is unknown; did you mean short?"),
        ('answer_payment = "card"', "'card' is unknown; known are part-cash, all-cash"),
        ('alight = "花子", lines = ["250"]', "'250' is no line; write rule and yen, as PASS-3 450"),
        ('alight = "花子", party = { companions = ["man"] }', "'man' is unknown"),
        ('alight = "花子", tear = { command = 0, moment = "before" }', "commands count from 1"),
        ('alight = "花子", at = "新白河", visit = 0', "visits count from 1"),
        ('alight = "花子", purses = { regulr = 3 }', "'regulr' is unknown; did you mean regular?"),
        ('two_cards = ["花子", "花子"]', "two different cards"),
        ('directive = { card = "花子", first = 2026-11-21 }', "nothing changes; give pass"),
        ("set_clock = 2026-11-20T08:00:00Z", "without a zone"),
        ("clock_trusted = 1", "1 is not true or false"),
        ("wait_s = -1", "-1 is not a whole number"),
        ("wait_s = true", "True is not a whole number"),
    ],
)
def test_what_a_step_may_not_say(step: str, said: str) -> None:
    assert any(said in line for line in told(text_of(step))), told(text_of(step))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "title: missing"),
        ("title = 3\n[[scenario]]\ntitle = 'a'\nsteps = []", "3 is not a text"),
        ("scenario = []\n" + HEAD, "no scenario; add [[scenario]]"),
        ("scenario = 3\n" + HEAD, "3 is not a list"),
        ("title = ", "not TOML"),
        ('title = "a"\n[カード]', 'names that are not plain letters go in quotes, as [cards."花子"]'),
        ("題 = 3", "go in quotes"),
        ("title = １", "'１' is a full-width sign: type '1'"),
        ('"題" = 3', "題: no such key"),
        (text_of(), "nothing happens; add a step"),
        (text_of(BOARD) + '[[scenario]]\ntitle = "one"\nsteps = [{ wait_s = 1 }]', "is the title of another"),
        (text_of(BOARD, more='rules = ["LOC14"]'), "'LOC14' is no rule; write it as LOC-14 or faults 3"),
        (text_of(BOARD, more='cards.X = { kind = "man" }'), "'man' is unknown; known are adult, child"),
        (text_of(BOARD, more='cards.X = { recorded = "a.nfc", balance = 3 }'), "a recorded card is what it is"),
        (text_of(BOARD, more='cards.X = { taken_for = "suica" }'), "is said of a recorded card"),
        (text_of(BOARD, more="cards.X = { pass = { first = 2026-11-02, last = 2026-11-01 } }"), "is before 2026-11-02"),
        (text_of(BOARD, more='end.cards."次郎".balance = 3'), "'次郎' is no card"),
        (
            HEAD + '[routes.a]\nstops = ["a"]\nflat_fare = 1\n[[scenario]]\ntitle = "a"\nsteps = [{ wait_s = 1 }]',
            "two stops",
        ),
        (
            text_of("wait_s = 1") + '[routes.a]\nstops = ["a", "b", "c"]\nfares = [[1], [2]]',
            "3 stops make rows of 1, 2 fares",
        ),
        (
            HEAD + '[routes.a]\nstops = ["a", "b"]\n[[scenario]]\ntitle = "a"\nsteps = [{ wait_s = 1 }]',
            "give either fares or flat_fare",
        ),
        ("x" * (MOST_BYTES + 1), "split it"),
    ],
)
def test_what_a_file_may_not_say(text: str, said: str) -> None:
    assert any(said in line for line in told(text)), told(text)


def test_bytes_that_are_no_text_and_depth_without_end() -> None:
    with pytest.raises(ScenarioBroken, match="byte 0 is not UTF-8"):
        parse(b"\xff", "x")
    with pytest.raises(ScenarioBroken, match="not TOML"):
        parse(b"a = " + b"[" * 100_000, "x")


def test_the_mark_that_windows_editors_put_first_is_passed_over() -> None:
    assert parse(b"\xef\xbb\xbf" + text_of(BOARD).encode(), "x").title == parse(text_of(BOARD).encode(), "x").title


def test_a_scenarios_bus_goes_over_the_files_key_by_key() -> None:
    scenario = one(BOARD, more='bus = { date = 2026-11-21, trip = "X" }\nbuses.B = { route = "Y" }')
    bus, other = scenario.buses["bus"], scenario.buses["B"]
    assert (bus.operator, bus.date_ and bus.date_.day, bus.route, bus.trip) == ("lococa", 21, "白棚線", "X")
    assert (other.operator, other.route, other.trip) == ("lococa", "Y", None)


def test_only_cards_that_something_is_done_with_are_made() -> None:
    assert list(one(BOARD).cards) == ["花子"]


# -- where values stand


def test_lines_of_tables_lists_and_strings_over_several_lines() -> None:
    places = lines_of('a = """\n[[no]]\n"""\n[t."x y"]\nb = [\n  1, # ]\n  { c = "]" },\n]\n[[l]]\n[[l]]\nd.e = 1\n')
    assert places == {
        ("a",): 1,
        ("t", "x y"): 4,
        ("t", "x y", "b"): 5,
        ("t", "x y", "b", 0): 6,
        ("t", "x y", "b", 1): 7,
        ("t", "x y", "b", 1, "c"): 7,
        ("l", 0): 9,
        ("l", 1): 10,
        ("l", 1, "d", "e"): 11,
    }


_KEYS = st.sampled_from(("a", "b c", "駅", '"'))
_VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text('ab"#[]{},=\\', max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=8,
)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_toml, value)) + "]"
    return "{ " + ", ".join(f"{_toml(key)} = {_toml_inline(one)}" for key, one in value.items()) + " }"


def _toml_inline(value: Any) -> str:
    return _toml(value).replace("\n", " ")


@given(st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4))
def test_every_value_of_any_file_has_a_line(tables: dict[str, Any]) -> None:
    text = "".join(f"{_toml(key)} = {_toml_inline(value)}\n" for key, value in tables.items())
    assert tomllib.loads(text) == tables
    places = lines_of(text)
    for line, (key, value) in enumerate(tables.items(), 1):
        assert places[(key,)] == line
        if isinstance(value, list):
            assert all(places[(key, place)] == line for place in range(len(value)))
