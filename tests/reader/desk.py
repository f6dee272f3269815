"""A counter where cards are issued: one simulated card in the field, and a hand that may take it away."""

from collections.abc import Callable
from datetime import date
from random import Random

from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks, CardImage, blank_lite_s
from cardimage.issue import issue
from cardimage.protection import Protection
from reader.felica import FelicaReader
from reader.issuing import Bench, Issued, Rekeyed, Step, Wiped, issue_card, rekey_card, wipe_card
from reader.keys import KeyStore, MasterKeyStore
from reader.port import FramePort, Polled
from sim.hardware.field import CardField, FieldPort, Withdrawal
from tariff.account import Account, HolderKind
from tests.cardimage.accounts import IDM

FACTORY_KEY = bytes(16)
FACTORY_COUNT = bytes.fromhex("4B FE FF") + bytes(13)
"""WCNT of a card as bought: the factory's own tests have been counted from FFFE00 on."""
PMM = bytes.fromhex("00 F1 00 00 00 01 43 00")
POLLED = Polled(IDM, PMM, 0x88B4)

OLD = MasterKeyStore(b"1" * 32)
BOTH = MasterKeyStore(b"2" * 32, 2, {1: b"1" * 32})
NEW = MasterKeyStore(b"2" * 32, 2)


def bought() -> CardImage:
    """A card as it comes from the shop."""
    image = blank_lite_s(IDM)
    blocks_of(image)[0x90] = FACTORY_COUNT
    return image


def blocks_of(image: CardImage) -> Blocks:
    blocks = image.lite_s_blocks()
    assert blocks is not None
    return blocks


PADS = {
    block: data
    for block, data in blocks_of(
        issue(IDM, Account("lococa", 2_000, HolderKind.CHILD), "LC1", date(2026, 11, 20))
    ).items()
    if block < 14
}


class Desk:
    """A card with its memory, laid as often as you like."""

    def __init__(
        self,
        keys: KeyStore = OLD,
        card: FelicaCard | None = None,
        through: Callable[[CardField], FramePort] = FieldPort,
    ) -> None:
        self.card = card or FelicaCard(bought(), FACTORY_KEY)
        self.field = CardField()
        self.port = through(self.field)
        self.steps: list[Step] = []
        self.random = Random(5).randbytes
        # A clock that stands long ago: a card is there or it is not, and no test waits for one to come back.
        self.bench = Bench(self.port, keys, self.random, self.steps.append, lambda: 0.0)
        self.lay()

    @property
    def blocks(self) -> Blocks:
        return blocks_of(self.card.image)

    def with_keys(self, keys: KeyStore) -> Bench:
        return self.bench._replace(keys=keys)

    def lay(self, withdrawal: Withdrawal | None = None) -> None:
        self.field.lay(self.card, withdrawal)

    def tapped(self, keys: KeyStore) -> tuple[object, int | None]:
        """What a bus with these keys reads, and the version it finds."""
        self.lay()
        session = FelicaReader(self.port, keys, self.random).wait()
        assert not isinstance(session, tuple), session
        outcome = session.open(0, 1)
        return outcome, getattr(session, "key_version", None)


def issued(protection: Protection = Protection.BENCH, keys: KeyStore = OLD) -> Desk:
    desk = Desk(keys)
    assert isinstance(issue_card(desk.bench, POLLED, PADS, protection), Issued)
    desk.lay()
    return desk


def made(act: str) -> Desk:
    """A card before it is issued, wiped, rekeyed."""
    return Desk() if act.startswith("issue") else issued(Protection.LOCKED if act == "wipe" else Protection.BENCH)


def done(desk: Desk, act: str) -> object:
    match act:
        case "issue":
            return issue_card(desk.bench, POLLED, PADS, Protection.LOCKED)
        case "issue for the bench":
            return issue_card(desk.bench, POLLED, PADS, Protection.BENCH)
        case "wipe":
            return wipe_card(desk.bench, POLLED)
        case _:
            return rekey_card(desk.with_keys(BOTH), POLLED)


ACTS = ("issue", "issue for the bench", "wipe", "rekey")
WELL = (Issued, Wiped, Rekeyed)


def memory(desk: Desk) -> dict[int, bytes]:
    """All of a card that must come out the same however often it left; the count of writes need not."""
    return {block: data for block, data in desk.blocks.items() if block != 0x90}


def commands(act: str) -> int:
    desk = made(act)
    desk.lay()
    assert isinstance(done(desk, act), WELL)
    return desk.field.commands
