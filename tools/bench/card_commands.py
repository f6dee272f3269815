"""a. Card commands per authenticated tap, as the simulated card counts them, polling included."""

from collections.abc import Callable
from typing import NamedTuple

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from farebox.result import Side
from sim.hardware.field import CardField, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tools.bench.bus import KEYS, Bus, ChipBench, general_card, pass_card
from tools.bench.measure import Effort, Figure, Row, exact
from tools.bench.peers.stock_nfcpy import StockNfcpy

_LOST = Withdrawal(4, Moment.ANSWER_LOST)
"""The fourth command of a boarding tap is the commit; its answer never arrives."""


class _Tap(NamedTuple):
    what: str
    most: int
    card: Callable[[int], CardImage]
    side: Side
    withdrawal: Withdrawal | None = None


_TAPS = (
    _Tap("boarding, general card", 4, general_card, Side.BOARDING),
    _Tap("boarding, pass", 5, pass_card, Side.BOARDING),
    _Tap("alighting, general card", 5, general_card, Side.ALIGHTING),
    _Tap("alighting, pass", 6, pass_card, Side.ALIGHTING),
    _Tap("boarding, the commit's answer lost", 6, general_card, Side.BOARDING, _LOST),
)


def rows(_effort: Effort) -> list[Row]:
    """One row a kind of tap. Nothing here varies, so nothing is repeated."""
    peer = _stock()
    found = []
    for tap in _TAPS:
        count = _ours(tap)
        found.append(
            Row(
                *("a", f"card commands, {tap.what}", f"<= {tap.most}", Figure(count), count <= tap.most),
                *(Figure(peer), "nfcpy, one read and one write", exact(count, peer)),
            )
        )
    return found


def _ours(tap: _Tap) -> int:
    """A whole tap of the terminal, the boarding that an alighting needs left uncounted."""
    bench = ChipBench()
    bus = Bus(bench)
    try:
        bus.begin()
        card = tap.card(1)
        if tap.side is Side.ALIGHTING:
            bus.tap(Side.BOARDING, card)
            bus.drive()
        bus.tap(tap.side, card, withdrawal=tap.withdrawal)
        return bench.chip.field.commands
    finally:
        bus.close()
        bench.close()


def _stock() -> int:
    """Authenticate, read two blocks, write one, through nfcpy's own tag class."""
    card = general_card(1)
    key = KEYS.card_key(card.idm)
    with Pn532(CardField()) as chip, StockNfcpy(chip.path) as reader:
        chip.field.lay(FelicaCard(card, key))
        reader.tap(key)
        return chip.field.commands
