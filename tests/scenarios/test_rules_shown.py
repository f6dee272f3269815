"""Which rules the scenarios show, and why the others can't be shown at a tap."""

from pathlib import Path

from sim.scenario.reading import Book
from tools.rule_table import PAGE, ROOT, Status, in_order, read_page
from tools.scenario_files import files_in, load_books

FOLDER = Path(__file__).parent
COUNTER = "the counter's: sale, price, reissue, refund, papers; farebox tariff tells the amounts"
DAYS = "counts days of sale, of slips or of school years, which a card only carries the end of"
HISTORY = "read off the card afterwards, with farebox card show"

NOT_AT_A_TAP = {
    "GEN-13": HISTORY,
    "GEN-19": DAYS,
    **dict.fromkeys(("LOC-1", "LOC-4", "LOC-5", "LOC-11", "LOC-12", "LOC-18", "LOC-20"), COUNTER),
    "LOC-7": "what came on a card at a station is found and booked at the centre: tests/centre/ledger",
    **dict.fromkeys(("IGP-6", "IGP-10", "IGP-12", "IGP-22", "IGP-25", "IGP-26"), COUNTER),
    "IGP-8": "which vehicles take cards is what GEN-15 shows",
    "IGP-15": HISTORY,
    "NOR-11": "gates and machines of a railway station, which are no bus: tests/farebox/test_post.py",
    **dict.fromkeys(("IGP-19", "IGP-20", "IGP-23"), COUNTER),
    **dict.fromkeys(("PRT-1", "PRT-2", "PRT-3", "PRT-4", "PRT-6", "PRT-7"), "the portal's: tests/centre/portal"),
    **dict.fromkeys(("CTR-1", "CTR-2", "CTR-4"), "the centre's: tests/centre"),
    **dict.fromkeys(("AZF-14", "AZF-31", "AZF-32", "AZF-33", "AZF-35", "AZF-50"), COUNTER),
}
"""Rules that this version holds and no scenario can show."""


def books() -> tuple[Book, ...]:
    return load_books(files_in([FOLDER]))


def shown() -> set[str]:
    return {rule for book in books() for scenario in book.scenarios for rule in scenario.said.rules}


def test_every_rule_that_this_version_holds_is_shown_or_it_is_said_why_not() -> None:
    page = read_page((ROOT / PAGE).read_text("utf-8"))
    held = {rule for rule, status in page.status.items() if status is not Status.TO_COME}
    rules = {rule for rule in shown() if not rule.startswith("faults")}
    assert in_order(held - rules - set(NOT_AT_A_TAP)) == []
    assert in_order(rules & set(NOT_AT_A_TAP)) == [], "shown after all: take them out of the list"
    assert in_order((rules | set(NOT_AT_A_TAP)) - held) == [], "not held by this version"


def test_every_scenario_says_which_rules_it_shows() -> None:
    assert [one.title for book in books() for one in book.scenarios if not one.said.rules] == []


def test_every_group_has_a_file_and_each_file_one_scenario_that_must_fail() -> None:
    files = {Path(book.source).name.partition(".")[0]: book for book in books()}
    assert set(files) == {"gen", "pass", "loc", "igp", "nor", "azf", "aut", "faults"}
    assert [name for name, book in files.items() if not any(one.said.fails for one in book.scenarios)] == []
