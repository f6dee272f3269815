"""Real readers and a person who lays the cards: the reader is the simulated PN532 here, the person a test."""

from collections.abc import Iterator
from random import Random

import pytest

from cardimage.image import CardImage
from cardimage.issue import issue
from farebox.readers import Readers
from farebox.result import Side
from reader.port import ReaderMissing
from sim.bench import AirBench
from sim.hardware.field import Moment, Withdrawal
from sim.scenario.faults import Misfit, ScenarioBroken
from sim.scenario.person import Asked, PersonBench
from sim.scenario.running import Outcome, run
from tariff.account import Account, AutoCharge
from tests.farebox.bus import DAY
from tests.sim.scenario.bench import one
from tools.scenario_files import Beside

RIDE = ('board = "花子", at = "磐城棚倉"', 'alight = "花子", at = "新白河", fare = 500, balance = 500')


def bench_card(balance_yen: int, number: int = 1) -> CardImage:
    """A card that lies in a drawer, with an IDm of its own."""
    return issue(bytes.fromhex("012EAA0000000000")[:7] + bytes((number,)), Account("lococa", balance_yen), "X1", DAY)


class Person:
    """Does as asked, with the cards that there are; time passes when nobody does anything."""

    def __init__(self, **drawer: CardImage) -> None:
        self.bench = AirBench(random=Random(3).randbytes)
        self.drawer = drawer
        self.asked: list[Asked] = []
        self.gives: dict[str, list[str]] = {}
        """Name that is asked for -> what is laid instead, one after the other."""
        self.now_s = 0.0

    def __call__(self, asked: Asked) -> None:
        self.asked.append(asked)
        if not asked.lay:
            self.bench.lift(asked.side)
        else:
            name = next(iter(self.gives.get(asked.name, [])[:1]), asked.name)
            self.gives[asked.name] = self.gives.get(asked.name, [])[1:]
            if name in self.drawer:
                self.bench.lay(asked.side, self.drawer[name])

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def hands(self, *, prepares: bool = False) -> PersonBench:
        readers = Readers(self.bench.readers.boarding, self.bench.readers.alighting)
        return PersonBench(readers, self, 5.0, prepares=prepares, sleep=self.sleep, clock=lambda: self.now_s)


def played(person: Person, *steps: str, more: str = "", prepares: bool = False) -> Outcome:
    return run(one(*steps, more=more), Beside("x"), person.hands(prepares=prepares))


@pytest.fixture
def hanako() -> Iterator[Person]:
    person = Person(花子=bench_card(1_000), 太郎=bench_card(195, 2))
    yield person
    person.bench.close()


def test_cards_are_asked_for_by_name_and_what_they_hold_is_read_off_them(hanako: Person) -> None:
    outcome = played(hanako, *RIDE)
    assert outcome.complaint == () and outcome.tally is not None and outcome.tally.reconciles
    assert hanako.asked == [
        Asked("花子", Side.BOARDING, lay=True),
        Asked("花子", Side.BOARDING, lay=False),
        Asked("花子", Side.ALIGHTING, lay=True),
        Asked("花子", Side.ALIGHTING, lay=False),
    ]


def test_a_wrong_expectation_fails_by_what_the_card_itself_holds(hanako: Person) -> None:
    assert "balance: expected 499, was 500" in "\n".join(played(hanako, RIDE[0], RIDE[1][:-3] + "499").complaint)


def test_the_wrong_card_is_told_and_waited_for(hanako: Person) -> None:
    hanako.drawer["別"] = bench_card(1_000, 3)
    hanako.gives["花子"] = ["花子", "別", "花子"]
    assert played(hanako, *RIDE).passed
    assert "another card than before" in [asked.wrong for asked in hanako.asked]


def test_one_card_has_one_name(hanako: Person) -> None:
    hanako.gives["太郎"] = ["花子", "太郎"]
    short = 'alight = "太郎", at = "南湖公園", refused = "no-boarding"'
    assert played(hanako, RIDE[0], short).passed
    assert "a card that has another name here" in [asked.wrong for asked in hanako.asked]


def test_a_card_that_holds_something_else_is_told_before_anything_is_taken(hanako: Person) -> None:
    hanako.drawer["花子"] = bench_card(1_240)
    with pytest.raises(ScenarioBroken, match=r"holds lococa adult 1,240 yen, and the scenario says lococa adult 1,000"):
        played(hanako, *RIDE)


def test_a_bench_card_is_prepared_when_asked_to_be(hanako: Person) -> None:
    hanako.drawer["花子"] = bench_card(1_240)
    assert played(hanako, *RIDE, prepares=True).passed
    again = played(hanako, *RIDE, prepares=True)
    assert again.complaint == ()


def test_a_card_that_can_not_hold_it_is_told(hanako: Person) -> None:
    stuck = 'cards."花子" = { operator = "aizu-noruca", balance = 80, auto_charge = { trigger = 100, amount = 1_000 } }'
    aizu = Account("aizu-noruca", 80, named=True, auto_charge=AutoCharge(100, 1_000, 99_000, 99_000))
    hanako.drawer["花子"] = issue(bytes(7) + b"\x09", aizu, "X2", DAY)
    outcome = played(hanako, 'board = "花子", refused = "foreign-card"', more=stuck)
    assert outcome.complaint == ()


def test_nobody_comes(hanako: Person) -> None:
    del hanako.drawer["花子"]
    with pytest.raises(ReaderMissing, match="no card was laid within 5 s"):
        played(hanako, *RIDE)


def test_what_no_hand_can_do_is_told(hanako: Person) -> None:
    torn = 'board = "花子", tear = { command = 3, moment = "before" }, refused = "touch-again"'
    with pytest.raises(ScenarioBroken, match="use a simulated reader"):
        played(hanako, torn)
    with pytest.raises(ScenarioBroken, match="needs a simulated reader"):
        played(hanako, 'two_cards = ["花子", "太郎"], refused = "two-cards"')
    with pytest.raises(Misfit):
        hanako.hands().lay(Side.BOARDING, bench_card(1), Withdrawal(1, Moment.BEFORE))
