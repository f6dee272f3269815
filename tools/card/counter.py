"""A counter's place for one card: its reader, its keys, and what is said while a card is worked on.

A reader `image:FILE` is a card image (模擬) with a simulated card in front of it; the file is written when all is done.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage, ImageFault
from farebox.words import Language, say
from reader.issuing import Bench, CardState, Left, Problem, Step, Why, look
from reader.keys import KEY_VERSION, KeyStore, bench_keys, keys_from
from reader.port import FramePort, NoCard, Polled, ReaderFault, ReaderMissing, TwoCards
from sim.hardware.field import CardField, FieldPort
from tools.card.bench_facts import bench_facts
from tools.card_files import encoder_of, read_image
from tools.exits import CheckFailed
from tools.files import write_whole
from tools.options import json_option, language_option, wait_option
from tools.readers import open_reader

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Done = TypeVar("_Done")

_LOOK_S = 0.5
_PAUSE_S = 0.1
MOST_LAYINGS = 5
"""How often a card that left is waited for again."""
_NOBODYS_KEY = b"\xff" * 16

_Both = tuple[str, str]
_Amiss = Why | ReaderFault | None
"""What lies there when the time is over, in place of the card that was waited for; None: that card."""
STEPS: dict[Step, _Both] = {
    Step.LOOK: ("読み取り中…離さないでください", "reading … don't take it away"),
    Step.CONTENTS: ("内容を書き込み中…", "writing its contents …"),
    Step.KEY: ("鍵を書き込み中…", "writing its key …"),
    Step.VERSION: ("鍵のバージョンを書き込み中…", "writing its key's version …"),
    Step.PROTECTION: ("保護を設定中…", "setting its protection …"),
    Step.CHECK: ("確認中…", "reading back …"),
}
PROBLEMS: dict[Why, _Both] = {
    Why.NOT_LITE_S: ("FeliCa Lite-Sではありません", "not a FeliCa Lite-S card"),
    Why.CARD_LEFT: ("途中でカードが離れました。もう一度置いてください", "the card left; lay it again, and let it lie"),
    Why.ANOTHER_CARD: ("別のカードです。元のカードを置いてください", "another card; lay the first one again"),
    Why.TWO_CARDS: ("カードは1枚だけ置いてください", "more than one card; lay one only"),
    Why.UNKNOWN_KEY: (
        "この鍵ファイルの鍵ではありません。--keys を確認してください",
        "it proves no key of these; give --keys the file it was issued with",
    ),
    Why.NOT_BLANK: (
        "使用中か別の内容のカードです。先に farebox card wipe で消去してください",
        "it holds something else; `farebox card wipe` first, if it may go",
    ),
    Why.NOT_ISSUED: (
        "未発行のカードです。farebox card issue で発行してください",
        "not issued yet: `farebox card issue`",
    ),
    Why.KEY_FIXED: ("鍵を変更できないカードです", "its key can't be changed any more; exchange the card"),
    Why.UNFIT: ("このカードは発行できません", "this card can't be made one of ours"),
    Why.WORN_OUT: ("書込回数の上限です。カードを交換してください", "it takes no more writes; exchange the card"),
    Why.REFUSED: ("カードが書込を拒否しました", "the card refused"),
    Why.NOT_KEPT: (
        "書いた内容が残っていません。カードを交換してください",
        "what was written is not there; exchange the card",
    ),
}
_NOT_FINISHED: _Both = (
    "カードは未完了です。同じ指定でもう一度実行し、置いてください",
    "the card is not finished: run this again with the same words, and lay it again",
)
LEFT: dict[Left, _Both] = {
    Left.SYSTEM_CLOSED: (
        "システムブロックは閉じたまま（ID・SER_C・NDEFは変更不可）",
        "the system blocks stay closed: ID, SER_C and NDEF are as they are (MC byte 2)",
    ),
    Left.PADS_NEED_MAC: (
        "書込には鍵が必要なまま",
        "writing still takes the card's key, now the factory's (MC bytes 10-11)",
    ),
    Left.PADS_READ_ONLY: ("読取専用のブロックは消去できません", "read-only blocks keep their contents (MC bytes 0-1)"),
    Left.CONFIGURATION_FIXED: ("保護の設定は変更不可", "its protection can't be changed any more (MC bytes 0-1)"),
    Left.KEY_KEPT: ("鍵は変更できず、そのまま", "its key can't be changed and stays (MC byte 5)"),
}


class Counter(NamedTuple):
    """A bench with a card on it, and how to speak to whoever stands there."""

    bench: Bench
    polled: Polled
    wait: Callable[[Why], _Amiss]
    """Wait until the same card is laid again; it is told what was said last."""
    tell: Callable[[_Both], None]
    language: Language
    is_simulated: bool

    def insist(self, act: Callable[[], _Done | Problem | ReaderFault], layings: int = MOST_LAYINGS) -> _Done:
        """Act, again as often as a card that left is laid again; a fault or a check that failed says the rest."""
        outcome = act()
        if isinstance(outcome, ReaderFault):
            raise _fault(outcome, say(_NOT_FINISHED, self.language))
        if not isinstance(outcome, Problem):
            return outcome
        if not outcome.again or self.is_simulated:
            raise CheckFailed(f"{self.bench.port.name}: {problem_text(outcome, self.language)}")
        amiss = outcome.why if layings == 1 else self._waited_for(outcome.why)
        if amiss is not None:
            text = f"{say(PROBLEMS[amiss], self.language)}; {say(_NOT_FINISHED, self.language)}"
            raise CheckFailed(f"{self.bench.port.name}: {text}")
        return self.insist(act, layings - 1)

    def _waited_for(self, why: Why) -> Why | None:
        self.tell(PROBLEMS[why])
        amiss = self.wait(why)
        if isinstance(amiss, ReaderFault):
            raise _fault(amiss, say(_NOT_FINISHED, self.language))
        return amiss

    def state(self) -> CardState:
        """What lies there."""
        return self.insist(lambda: look(self.bench, self.polled))


def counter_options(command: _Command) -> _Command:
    """What issue, wipe and rekey ask alike."""
    for option in (
        json_option,
        language_option,
        wait_option,
        click.option(
            "--keys", "keys_at", metavar="FILE", help="Master keys: a file (mode 0600) or credential:NAME. Else: bench."
        ),
        click.option("--reader", "spec", required=True, metavar="READER", help="usb, tty:PATH, image:FILE, ..."),
    ):
        command = option(command)
    return command


def yes_option(command: _Command) -> _Command:
    """--yes."""
    return click.option("--yes", is_flag=True, help="Don't ask before what can't be taken back.")(command)


class Place(NamedTuple):
    """The words of those options."""

    spec: str
    keys_at: str | None
    wait_s: float
    language: Language
    as_json: bool
    yes: bool = True

    @property
    def keys(self) -> KeyStore:
        """The keys that --keys names, or the bench's."""
        return keys_from(self.keys_at) if self.keys_at else bench_keys()

    def confirm(self, text: _Both) -> None:
        """Ask, unless told not to; no is a way out."""
        if not self.yes:
            click.confirm(say(text, self.language), abort=True, err=True)

    def done(self, facts: dict[str, object], text: _Both, *notes: str) -> None:
        """Say what came of it."""
        simulated = self.keys_at is None
        if self.as_json:
            click.echo(json.dumps(facts | {"bench_keys": simulated}, ensure_ascii=False))
            return
        click.echo(
            say(text, self.language)
            + (say(("【模擬】検証用の鍵", " · bench keys (模擬)"), self.language) if simulated else "")
        )
        for note in notes:
            click.echo(f"  {note}")


@contextmanager
def at_counter(place: Place) -> Iterator[Counter]:
    """A card on the reader that is named; an image is written back at the end."""
    keys = place.keys
    image_path = Path(place.spec.removeprefix("image:")) if place.spec.startswith("image:") else None
    image = read_image(image_path) if image_path else None
    port = _image_port(place.spec, image, keys) if image else open_reader(place.spec)
    encode = encoder_of(image_path) if image_path else None
    before = encode(image) if encode and image else b""

    def tell(text: _Both) -> None:
        if not place.as_json:
            click.echo(say(text, place.language), err=True)

    try:
        if image is None:
            tell(("カードを置いてください", "lay the card on the reader"))
        bench = Bench(port, keys, os.urandom, lambda step: tell(STEPS[step]))
        polled = _waited(port, place.wait_s)

        def wait(told: Why) -> _Amiss:
            return _laid_again(port, polled.idm, place.wait_s, told, lambda why: tell(PROBLEMS[why]))

        yield Counter(bench, polled, wait, tell, place.language, is_simulated=image is not None)
    finally:
        port.close()
        if encode and image and image_path and encode(image) != before:
            write_whole(image_path, encode(image))


def card_text(state: CardState) -> _Both:
    """What a card is, for whoever must decide about it."""
    facts = bench_facts(dict(enumerate(state.pads)) | {lite_s.WCNT: state.write_count.to_bytes(16, "little")}, None)
    balance = facts.get("balance_yen")
    if state.is_blank:
        return "空のカード", "a blank card"
    if balance is None:
        return "内容のあるカード", "a card that holds something else"
    return f"{facts['number']}、残額 {balance:,} 円", f"{facts['number']}, {balance:,} yen"


def problem_text(problem: Problem, language: Language) -> str:
    """One line: what is wrong, where, what to do."""
    detail = f" ({problem.detail})" if problem.detail else ""
    return say(PROBLEMS[problem.why], language) + detail


def _image_port(spec: str, image: CardImage, keys: KeyStore) -> FramePort:
    if image.lite_s_blocks() is None or not image.simulated:
        raise ImageFault(
            f"{spec.removeprefix('image:')}: not a simulated FeliCa Lite-S card (模擬); make one: card new"
        )
    field = CardField()
    field.lay(FelicaCard(image, _key_of(image, keys)))
    return FieldPort(field, spec)


def _key_of(image: CardImage, keys: KeyStore) -> bytes:
    """The key of an imagined card. An image holds none: CKV tells its version, and a blank card has the factory's.

    The images that `card new` makes are of the first version, whatever their CKV.
    """
    blocks = image.lite_s_blocks() or {}
    version = int.from_bytes(blocks[lite_s.CKV][:2], "little")
    if version == 0:
        if not any(any(blocks[block]) for block in range(lite_s.S_PADS)):
            return lite_s.FACTORY_KEY
        version = KEY_VERSION
    return keys.card_key(image.idm, version) if version in keys.versions else _NOBODYS_KEY


def _waited(port: FramePort, wait_s: float) -> Polled:
    """The card that is laid, within the time."""
    end_s = time.monotonic() + wait_s
    while True:
        outcome = port.poll((lite_s.SYSTEM_CODE,), min(end_s, time.monotonic() + _LOOK_S))
        match outcome:
            case Polled():
                return outcome
            case ReaderFault():
                raise _fault(outcome)
            case TwoCards():
                raise CheckFailed(f"{port.name}: more than one card; lay one only")
            case NoCard() if time.monotonic() >= end_s:
                raise CheckFailed(f"{port.name}: no FeliCa Lite-S card within {wait_s:g} s; lay one, or give it --wait")


def _laid_again(port: FramePort, idm: bytes, wait_s: float, told: Why, tell: Callable[[Why], None]) -> _Amiss:
    """Wait until this card lies there. Whatever else is laid meanwhile is told, once, and left alone."""
    end_s = time.monotonic() + wait_s
    while True:
        outcome = port.poll((lite_s.SYSTEM_CODE,), min(end_s, time.monotonic() + _LOOK_S))
        match outcome:
            case ReaderFault():
                return outcome
            case Polled(idm=found) if found == idm:
                return None
            case Polled():
                why = Why.ANOTHER_CARD
            case TwoCards():
                why = Why.TWO_CARDS
            case NoCard():
                why = Why.CARD_LEFT
        if time.monotonic() >= end_s:
            return why
        if why is not told:
            tell(why)
        told = why
        time.sleep(_PAUSE_S)


def _fault(fault: ReaderFault, *notes: str) -> ReaderMissing:
    return ReaderMissing("; ".join((f"{fault.reader}: {fault.what}", *notes, "`farebox reader doctor` names the fix")))
