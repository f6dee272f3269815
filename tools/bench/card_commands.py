"""a. Card commands per authenticated tap, as the simulated card counts them, polling included.

What each kind may take follows from what it does: four commands are the least that the chip's protocol allows for
reading and one write; conditions (a pass, auto-charge, a named card) take one more read, each staged block one more
write, and a lost answer at most two more.
"""

from array import array
from collections.abc import Callable
from typing import NamedTuple

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.resolve import Fate
from cardimage.write_plan import plan
from farebox.result import Side
from farebox.tap import Service
from reader import card as card_session
from reader.felica import LiteSSession
from reader.keys import KeyStore, MasterKeyStore
from reader.port import ReaderFault
from sim.hardware.field import CardField, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tariff.fares import FareTable
from tariff.refusal import Refusal
from tariff.single_tap import Taps
from tools.bench.bus import KEYS, Bus, ChipBench, service
from tools.bench.cards import (
    auto_charge_card,
    coupon_card,
    earning_card,
    general_card,
    old_general_card,
    old_pass_card,
    pass_account,
    pass_card,
    points_card,
)
from tools.bench.measure import Effort, Figure, Row, exact
from tools.bench.peers.stock_nfcpy import StockNfcpy

LEAST = 4
CONDITIONS, HISTORY, BANK, LOST = 1, 1, 2, 2
"""What comes on top: a read of conditions, staged blocks of a history row and of a bank, a lost answer."""
_OLDER_KEY = bytes(32)
"""A master key of the bench (模擬) that a newer one has replaced; cards not rekeyed yet still hold it."""


class _Tap(NamedTuple):
    """A kind of tap: its card, and what it may take beyond the least. `lost` is how the write's answer is lost."""

    what: str
    side: Side
    card: Callable[[int], CardImage]
    more: int = 0
    lost: Moment | None = None
    scheme: str | None = None
    taps: Taps = Taps.BOTH
    reader_keys: KeyStore = KEYS
    card_keys: KeyStore = KEYS

    @property
    def most(self) -> int:
        return LEAST + self.more

    def service(self) -> Service:
        """The trip; where one tap is asked for, all its fares are 210 yen (GEN-6)."""
        on = service(self.scheme)
        if self.taps is Taps.BOTH:
            return on
        return on._replace(table=FareTable(on.table.pattern, array("i", [210] * on.table.size**2)), taps=self.taps)


_IN, _OUT = Side.BOARDING, Side.ALIGHTING
_IWATE, _NORUCA, _AIZU = "iwate-green-pass", "noruca", "aizu-noruca"
_TAPS = (
    _Tap("boarding, general card", _IN, general_card),
    _Tap("boarding, pass", _IN, pass_card, CONDITIONS),
    _Tap("boarding, Iwate Green Pass", _IN, points_card, scheme=_IWATE),
    _Tap("boarding, NORUCA", _IN, coupon_card, scheme=_NORUCA),
    _Tap("boarding, AIZU NORUCA", _IN, auto_charge_card, CONDITIONS, scheme=_AIZU),
    _Tap("alighting, general card", _OUT, general_card, HISTORY),
    _Tap("alighting, pass", _OUT, pass_card, CONDITIONS + HISTORY),
    _Tap("alighting, points earned", _OUT, earning_card, HISTORY, scheme=_IWATE),
    _Tap("alighting, points used", _OUT, points_card, HISTORY, scheme=_IWATE),
    _Tap("alighting, coupons", _OUT, coupon_card, HISTORY, scheme=_NORUCA),
    _Tap("alighting, auto-charge fires", _OUT, auto_charge_card, CONDITIONS + HISTORY, scheme=_AIZU),
    _Tap("migrated: boarding, general card", _IN, old_general_card),
    _Tap("migrated: boarding, pass", _IN, old_pass_card, CONDITIONS + BANK),
    _Tap("migrated: one tap, pass", _OUT, old_pass_card, CONDITIONS + BANK + HISTORY, taps=Taps.ALIGHTING),
    _Tap(
        *("an older key: boarding, general card", _IN, general_card),
        reader_keys=MasterKeyStore(bytes(31) + b"\2", 2, {1: _OLDER_KEY}),
        card_keys=MasterKeyStore(_OLDER_KEY),
    ),
    _Tap("answer lost: boarding, general card", _IN, general_card, LOST, Moment.ANSWER_LOST),
    _Tap("answer lost: alighting, pass", _OUT, pass_card, CONDITIONS + HISTORY + LOST, Moment.ANSWER_LOST),
)
_TOUCHED_AGAIN = _Tap("lost with the card: touched again", _OUT, general_card, HISTORY + LOST, Moment.AFTER)
"""The card leaves with the answer to its commit. Its next tap settles what became of the write."""
_DIRECTIVE = _Tap("a directive, pass", _IN, pass_card, CONDITIONS + BANK)


def rows(_effort: Effort) -> list[Row]:
    """One row a kind of tap. Nothing here varies, so nothing is repeated."""
    peer = _stock()
    counts = [(tap, _ours(tap)) for tap in _TAPS]
    counts += [(_TOUCHED_AGAIN, _touched_again(_TOUCHED_AGAIN)), (_DIRECTIVE, _directive(_DIRECTIVE))]
    return [
        Row(
            *("a", f"card commands, {tap.what}", f"<= {tap.most}", Figure(count), count <= tap.most),
            *(Figure(peer), "nfcpy, one read and one write", exact(count, peer)),
        )
        for tap, count in counts
    ]


class _Scene:
    """A bus at the stop where a tap is to be counted: the boarding that an alighting needs is done."""

    def __init__(self, tap: _Tap) -> None:
        self.bench = ChipBench(keys=tap.reader_keys, card_keys=tap.card_keys)
        self.bus = Bus(self.bench)
        self.card = tap.card(1)
        self.bus.begin(tap.service())
        if tap.side is Side.ALIGHTING:
            if tap.taps is Taps.BOTH:
                self.bus.tap(Side.BOARDING, self.card)
            self.bus.drive()

    def __enter__(self) -> "_Scene":
        return self

    def __exit__(self, *_: object) -> None:
        self.bus.close()
        self.bench.close()


def _ours(tap: _Tap) -> int:
    """A whole tap of the terminal. The commit is its last command, if no answer is lost."""
    with _Scene(tap) as scene:
        lost = Withdrawal(tap.most - LOST, tap.lost) if tap.lost else None
        scene.bus.tap(tap.side, scene.card, withdrawal=lost)
        return scene.bench.chip.field.commands


def _touched_again(tap: _Tap) -> int:
    """The tap after the one whose answer was lost; AssertionError unless it found the write done."""
    with _Scene(tap) as scene:
        assert tap.lost is not None
        scene.bench.lay(tap.side, scene.card, Withdrawal(tap.most - LOST, tap.lost))
        scene.bus.terminal.touch(tap.side)
        scene.bench.lift(tap.side)
        scene.bus.terminal.touch(tap.side)
        assert scene.card.idm in scene.bus.terminal.pending
        scene.bus.tap(tap.side, scene.card)
        assert not scene.bus.terminal.pending
        return scene.bench.chip.field.commands


def _directive(tap: _Tap) -> int:
    """A directive applied to the card, by the steps of a tap that bring it there: both blocks of the other bank."""
    with _Scene(tap) as scene:
        scene.bench.lay(tap.side, scene.card)
        session = scene.bench.readers.boarding.wait()
        assert isinstance(session, LiteSSession)
        slots = card_session.read_slots(session)
        assert isinstance(slots, tuple) and not isinstance(slots, (Refusal, ReaderFault))
        read = card_session.read_account(session, slots)
        assert isinstance(read, card_session.CardRead)
        writes = plan(read.now, read.account, pass_account(directive=1))
        assert card_session.write(session, read.now, writes).fate is Fate.WRITTEN
        return scene.bench.chip.field.commands


def _stock() -> int:
    """Authenticate, read two blocks, write one, through nfcpy's own tag class."""
    card = general_card(1)
    key = KEYS.card_key(card.idm)
    with Pn532(CardField()) as chip, StockNfcpy.at_pn532(chip.path) as reader:
        chip.field.lay(FelicaCard(card, key))
        reader.tap(key)
        return chip.field.commands
