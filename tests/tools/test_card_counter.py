"""`farebox card issue`, `wipe` and `rekey` as a counter uses them: on images, and on a PN532 through real nfcpy."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from cardimage import image as card_image
from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks
from cardimage.layout.number import decode_number
from farebox.words import Language
from reader.issuing import Left, Problem, Step, Why, wipe_card
from reader.keys import bench_keys
from reader.port import NoCard, PollOutcome, ReaderFault, ReaderMissing, TwoCards
from sim.hardware.field import CardField, FieldPort, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tests.cardimage.accounts import IDM
from tests.reader.desk import FACTORY_KEY, NEW, OLD, POLLED, Desk, blocks_of, bought, issued
from tests.tools.cli import Ran, run
from tools.card.counter import LEFT, MOST_LAYINGS, PROBLEMS, STEPS, Counter, _laid_again
from tools.exits import CheckFailed

Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("LANG", "C")
    return lambda *args: run(capsys, monkeypatch, "card", *args)


@pytest.fixture
def card(cli: Cli, tmp_path: Path) -> Path:
    path = tmp_path / "my.card.cbor"
    assert cli("new", "--operator", "lococa", "--balance", 1000, "--idm", IDM.hex(), "-o", path).code == 0
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "card.keys"
    path.write_text((b"1" * 32).hex())
    path.chmod(0o600)
    return path


def memory(path: Path) -> Blocks:
    return blocks_of(card_image.load(path.read_bytes(), str(path)))


# -- on images


def test_a_card_is_wiped_and_issued_again(cli: Cli, card: Path) -> None:
    reader = f"image:{card}"
    ran = cli("wipe", "--reader", reader, "--yes")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == f"{reader}: wiped · bench keys (模擬)"
    assert "system blocks stay closed" in ran.out
    assert not any(any(memory(card)[block]) for block in range(14))
    ran = cli("issue", "--reader", reader, "--operator", "lococa", "--balance", 500, "--number", "LC7")
    assert ran.code == 0
    assert ran.out == f"{reader}: issued LC7, 500 yen, protection locked · bench keys (模擬)\n"
    assert memory(card)[0x86][:2] == bytes.fromhex("01 00")
    shown = json.loads(cli("show", card, "--json").out)
    assert (shown["number"], shown["balance_yen"]) == ("LC7", 500)


def test_progress_goes_beside_the_result(cli: Cli, card: Path) -> None:
    ran = cli("wipe", "--reader", f"image:{card}", "--yes")
    assert ran.err.splitlines()[0] == "reading … don't take it away"
    ran = cli("issue", "--reader", f"image:{card}", "--operator", "lococa", "--json")
    assert ran.err == ""
    assert json.loads(ran.out) == {
        "idm": IDM.hex().upper(),
        "number": "LC2E4CD1A0B35796",
        "balance_yen": 0,
        "key_version": 1,
        "protection": "locked",
        "mc": "FF3F00000701000000 00FF3F01000000".replace(" ", ""),
        "bench_keys": True,
    }


def test_it_speaks_japanese(cli: Cli, card: Path) -> None:
    ran = cli("wipe", "--reader", f"image:{card}", "--yes", "--lang", "ja")
    assert "消去しました【模擬】検証用の鍵" in ran.out
    assert "離さないでください" in ran.err


def test_a_wipe_asks_and_says_what_would_be_lost(cli: Cli, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = card.read_bytes()
    asked: list[str] = []

    def no(text: str, **_: object) -> None:
        asked.append(text)
        raise click.Abort

    monkeypatch.setattr("click.confirm", no)
    ran = cli("wipe", "--reader", f"image:{card}")
    assert ran.code == 130
    assert asked == ["erase LC2E4CD1A0B35796, 1,000 yen"]
    assert card.read_bytes() == before


def test_a_card_in_use_is_not_issued_over(cli: Cli, card: Path) -> None:
    before = card.read_bytes()
    ran = cli("issue", "--reader", f"image:{card}", "--operator", "lococa", "--balance", 500)
    assert ran.code == 1
    assert "farebox card wipe" in ran.err
    assert card.read_bytes() == before


def test_a_rekeyed_image_is_read_under_its_new_version(cli: Cli, card: Path, keys: Path) -> None:
    reader = f"image:{card}"
    assert cli("wipe", "--reader", reader, "--yes").code == 0
    assert cli("issue", "--reader", reader, "--operator", "lococa", "--keys", keys, "--yes").code == 0
    keys.write_text(f"1: {(b'1' * 32).hex()}\n2: {(b'2' * 32).hex()}\n")
    ran = cli("rekey", "--reader", reader, "--keys", keys)
    assert (ran.code, ran.out) == (0, f"{reader}: key version 1 → 2\n")
    assert memory(card)[0x86][:2] == bytes.fromhex("02 00")
    ran = cli("rekey", "--reader", reader, "--keys", keys, "--json")
    assert json.loads(ran.out) == {"idm": IDM.hex().upper(), "was": 2, "key_version": 2, "bench_keys": False}
    # The old file no longer opens it.
    keys.write_text((b"1" * 32).hex())
    ran = cli("wipe", "--reader", reader, "--keys", keys, "--yes")
    assert ran.code == 1
    assert "it proves no key of these" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("issue", "--operator", "lococa", "--protection", "locked"), 2, "keys of your own"),
        (("issue", "--operator", "lococa", "--balance", "20001"), 2, "over the cap"),
        (("issue", "--operator", "lococa", "--number", "lower case"), 2, "number"),
        (("issue", "--operator", "lococa", "--one-way"), 2, "of which --pass"),
        (("issue", "--operator", "lococa", "--keys", "none.keys"), 78, "none.keys"),
        (("wipe", "--keys", "credential:none"), 78, "credential none"),
    ],
)
def test_what_does_not_go_is_said_before_a_card_is_touched(
    cli: Cli, card: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    before = card.read_bytes()
    ran = cli(words[0], "--reader", f"image:{card}", *words[1:], "--yes")
    assert ran.code == code
    assert said in ran.err
    assert card.read_bytes() == before


def test_a_recorded_card_is_no_card_to_work_on(cli: Cli, card: Path) -> None:
    image = card_image.load(card.read_bytes(), "x")
    card.write_bytes(card_image.dump(image._replace(simulated=False)))
    ran = cli("wipe", "--reader", f"image:{card}", "--yes")
    assert ran.code == 74
    assert "not a simulated FeliCa Lite-S card" in ran.err


def test_a_missing_image_is_named(cli: Cli, tmp_path: Path) -> None:
    ran = cli("rekey", "--reader", f"image:{tmp_path / 'none'}")
    assert ran.code == 74
    assert "none" in ran.err


# -- on a PN532


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def chip(desk: Desk) -> Iterator[Pn532]:
    with Pn532(desk.field) as chip:
        yield chip


def test_a_bought_card_is_issued_locked_rekeyed_and_wiped(cli: Cli, desk: Desk, chip: Pn532, keys: Path) -> None:
    reader = f"tty:{chip.path}"
    ran = cli("issue", "--reader", reader, "--operator", "lococa", "--balance", 2000, "--keys", keys, "--yes")
    assert (ran.code, ran.out) == (0, f"{reader}: issued LC2E4CD1A0B35796, 2,000 yen, protection locked\n")
    assert "lay the card on the reader" in ran.err
    assert desk.blocks[0x88].hex() == "ff3f0000070100000000ff3f01000000"
    keys.write_text(f"1: {(b'1' * 32).hex()}\n2: {(b'2' * 32).hex()}\n")
    desk.lay()
    assert cli("rekey", "--reader", reader, "--keys", keys).code == 0
    assert desk.tapped(NEW)[1] == 2
    desk.lay()
    ran = cli("wipe", "--reader", reader, "--keys", keys, "--yes", "--json")
    assert json.loads(ran.out)["left"] == ["system-closed", "pads-need-mac", "configuration-fixed"]


def test_an_answer_that_is_lost_is_looked_into(cli: Cli, desk: Desk, chip: Pn532) -> None:
    desk.lay(Withdrawal(14, Moment.ANSWER_LOST))
    ran = cli("issue", "--reader", f"tty:{chip.path}", "--operator", "lococa", "--balance", 2000)
    assert ran.code == 0
    assert desk.tapped(bench_keys())[1] == 1


def test_no_card_is_told_within_the_time(cli: Cli, desk: Desk, chip: Pn532) -> None:
    desk.field.lift()
    ran = cli("wipe", "--reader", f"tty:{chip.path}", "--wait", "0")
    assert ran.code == 1
    assert "no FeliCa Lite-S card within 0 s" in ran.err


def test_a_reader_that_is_not_there_exits_69(cli: Cli) -> None:
    assert cli("rekey", "--reader", "tty:/dev/none").code == 69


def test_real_keys_on_an_open_card_are_warned_of(cli: Cli, desk: Desk, chip: Pn532, keys: Path) -> None:
    ran = cli("issue", "--reader", f"tty:{chip.path}", "--operator", "lococa", "--keys", keys, "--protection", "bench")
    assert ran.code == 0
    assert "never hand it out" in ran.out


# -- a card that is laid again


def counter_of(desk: Desk, wait: Callable[[], object], told: list[str]) -> Counter:
    return Counter(
        desk.bench, POLLED, lambda _why: (wait(), None)[1], lambda both: told.append(both[1]), Language.EN, False
    )


def test_a_card_that_left_is_waited_for_and_finished() -> None:
    desk, told = issued(keys=OLD), list[str]()
    desk.lay(Withdrawal(10, Moment.AFTER))
    counter = counter_of(desk, desk.lay, told)
    counter.insist(lambda: wipe_card(desk.bench, POLLED))
    assert told == ["the card left; lay it again, and let it lie"]
    assert desk.blocks[0x86] == bytes(16)


def test_patience_ends() -> None:
    desk, told = issued(keys=OLD), list[str]()
    desk.field.lift()
    with pytest.raises(CheckFailed, match=r"the card left.*not finished"):
        counter_of(desk, lambda: None, told).insist(lambda: wipe_card(desk.bench, POLLED))
    assert len(told) == MOST_LAYINGS - 1


@pytest.mark.parametrize("why", [Why.UNKNOWN_KEY, Why.NOT_BLANK, Why.UNFIT])
def test_what_laying_it_again_does_not_mend_ends_at_once(why: Why) -> None:
    told: list[str] = []
    with pytest.raises(CheckFailed, match="S_PAD3"):
        counter_of(Desk(), lambda: None, told).insist(lambda: Problem(why, Step.LOOK, "S_PAD3"))
    assert told == []


def test_faults_7_a_reader_that_fails_says_that_the_card_is_not_finished(
    cli: Cli, desk: Desk, chip: Pn532, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.card.issue.issue_card", lambda *_: ReaderFault("usb", "unplugged"))
    ran = cli("issue", "--reader", f"tty:{chip.path}", "--operator", "lococa")
    assert ran.code == 69
    assert "usb: unplugged; the card is not finished: run this again with the same words, and lay it again" in ran.err
    assert "reader doctor" in ran.err


def test_faults_7_so_does_one_that_fails_while_the_card_is_waited_for() -> None:
    counter = counter_of(Desk(), lambda: None, [])._replace(wait=lambda _why: ReaderFault("usb", "unplugged"))
    with pytest.raises(ReaderMissing, match="usb: unplugged; the card is not finished"):
        counter.insist(lambda: Problem(Why.CARD_LEFT, Step.KEY, again=True))


OTHER = POLLED._replace(idm=IDM[:-1] + b"\x77")


class Hand(FieldPort):
    """A reader on which something else lies at each look: "", "own", "other", "both", or "unplugged"."""

    def __init__(self, *seen: str) -> None:
        super().__init__(CardField())
        self._seen = list(seen)

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        outcomes: dict[str, PollOutcome] = {
            "": NoCard(),
            "own": POLLED,
            "other": OTHER,
            "both": TwoCards(),
            "unplugged": ReaderFault("usb", "unplugged"),
        }
        return outcomes[self._seen.pop(0) if len(self._seen) > 1 else self._seen[0]]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (("own",), []),
        (("", "", "own"), []),
        (("other", "other", "other", "", "", "own"), [Why.ANOTHER_CARD, Why.CARD_LEFT]),
        (("both", "both", "other", "own"), [Why.TWO_CARDS, Why.ANOTHER_CARD]),
    ],
)
def test_another_card_is_told_once_and_no_laying(
    monkeypatch: pytest.MonkeyPatch, seen: tuple[str, ...], told: list[Why]
) -> None:
    monkeypatch.setattr("tools.card.counter._PAUSE_S", 0)
    said: list[Why] = []
    assert _laid_again(Hand(*seen), IDM, 60.0, Why.CARD_LEFT, said.append) is None
    assert said == told


@pytest.mark.parametrize(
    ("seen", "amiss"),
    [
        ("", Why.CARD_LEFT),
        ("other", Why.ANOTHER_CARD),
        ("both", Why.TWO_CARDS),
        ("unplugged", ReaderFault("usb", "unplugged")),
    ],
)
def test_a_card_is_waited_for_until_the_time_is_over(seen: str, amiss: object) -> None:
    assert _laid_again(Hand(seen), IDM, 0.0, Why.CARD_LEFT, lambda _why: None) == amiss


def test_another_card_laid_meanwhile_is_left_alone_and_the_first_one_is_finished(
    cli: Cli, desk: Desk, chip: Pn532, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FelicaCard(bought()._replace(idm=OTHER.idm), FACTORY_KEY)
    before = dict(blocks_of(other.image))
    turns: list[float] = []

    def hand(pause_s: float) -> None:
        turns.append(pause_s)
        if len(turns) == 1:
            desk.field.lay(other)
        if len(turns) == 3 * MOST_LAYINGS:
            desk.lay()

    monkeypatch.setattr("tools.card.counter.time", SimpleNamespace(monotonic=time.monotonic, sleep=hand))
    desk.lay(Withdrawal(24, Moment.AFTER))
    ran = cli("issue", "--reader", f"tty:{chip.path}", "--operator", "lococa", "--balance", 2000)
    assert ran.code == 0, ran.err
    assert ran.err.count("another card; lay the first one again") == 1
    assert blocks_of(other.image) == before
    assert desk.tapped(bench_keys())[1] == 1


def test_an_issue_cut_short_goes_on_on_the_next_day_and_keeps_its_day(
    cli: Cli, desk: Desk, chip: Pn532, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("issue", "--reader", f"tty:{chip.path}", "--operator", "lococa", "--balance", 2000, "--wait", 0)
    monkeypatch.setattr("tools.card.issue.day_in_japan", lambda _now: date(2026, 11, 20))
    desk.lay(Withdrawal(24, Moment.AFTER))
    ran = cli(*words)
    assert ran.code == 1
    assert "the card is not finished: run this again with the same words" in ran.err
    begun = decode_number(desk.blocks[2])
    assert begun and begun[1] == date(2026, 11, 20)
    desk.lay()
    monkeypatch.setattr("tools.card.issue.day_in_japan", lambda _now: date(2026, 11, 21))
    assert cli(*words).code == 0
    assert decode_number(desk.blocks[2]) == begun
    # Another day is another card's, where it is asked for.
    desk.lay()
    ran = cli(*words, "--issued", "2026-11-21")
    assert ran.code == 1
    assert "(S_PAD2)" in ran.err


def test_everything_has_words_in_both_languages() -> None:
    assert set(STEPS) == set(Step)
    assert set(PROBLEMS) == set(Why)
    assert set(LEFT) == set(Left)
    assert all(both[0] and both[1] for table in (STEPS, PROBLEMS, LEFT) for both in table.values())
