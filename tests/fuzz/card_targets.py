"""Cards: image files of every format, blocks of our layout, transit cards, and frames to the card models."""

import io
import json
from datetime import date

from rich.console import Console

from cardimage import image as card_image
from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.formats import flipper, read_cards
from cardimage.image import CardImage, ImageFault
from cardimage.issue import issue
from cardimage.layout.bits import LayoutFault, sealed
from cardimage.layout.blocks import BANKS, HISTORY_BLOCKS, NUMBER_BLOCK, SLOT_BLOCKS
from cardimage.layout.conditions import decode_account
from cardimage.layout.history import HistoryRow, decode_history, encode_history
from cardimage.layout.number import decode_number, encode_number
from cardimage.layout.slots import decode_slot, encode_slot
from cardimage.layout.variants import SHADOWS
from cardimage.lite_s import WCNT, SessionKey, read_mac
from cardimage.resolve import Standing, standing
from cardimage.shadow import shadow_of
from cardimage.standard_card import StandardCard
from cardimage.transit.history import MergeFault, Recorded, merge
from cardimage.write_plan import plan
from tariff.account import Account, AutoCharge, HolderKind, Pass, RideMark, RideState, Section
from tariff.refusal import Refusal
from tests.cardimage.accounts import IDM
from tests.cardimage.formats.samples import EVERY_FORMAT
from tests.cardimage.transit.cards import attributes, row
from tests.fuzz.target import Target, frames
from tests.reader.transit_card import transit_card
from tools.card.bench_facts import bench_facts
from tools.card.blocks_view import raw_lines
from tools.card.transit_facts import history_rows, transit_facts
from tools.card.transit_view import show_transit
from tools.words import Language

DAY = date(2026, 11, 20)


def bench_card(**changed: object) -> CardImage:
    """A card of ours with something in every place."""
    account = Account(
        "lococa",
        2_000,
        HolderKind.CHILD,
        named=True,
        held_pass=Pass(1, 0, DAY, DAY, False, (Section(3, 9, False, 300),)),
        auto_charge=AutoCharge(1_000, 2_000, 10_000, 50_000),
        ride=RideMark(RideState.OPEN, DAY, 7, 2, 0),
    )
    return issue(IDM, account._replace(**changed), "LC1", DAY)


def blocks_of(image: CardImage) -> dict[int, bytes]:
    """Of a card of ours."""
    blocks = image.lite_s_blocks()
    assert blocks is not None
    return blocks


# -- files


def _image(data: bytes) -> None:
    image = card_image.load(data, "fuzz")
    assert card_image.dump(image) == data
    _facts(image)


def _formats(data: bytes) -> None:
    """What is read can be kept in our own file, and written as Flipper's, and is the same card when read again."""
    for image in read_cards(data, "fuzz"):
        assert card_image.load(card_image.dump(image), "fuzz") == image
        try:
            written = flipper.write(image)
        except ImageFault:
            continue
        assert read_cards(written.encode(), "fuzz") == (image,)


def _facts(image: CardImage) -> None:
    """All that `farebox card show` tells of a card."""
    merged = merge((Recorded("fuzz", image),))
    blocks = image.lite_s_blocks()
    facts = transit_facts(merged) if blocks is None else bench_facts(blocks, None)
    json.dumps(facts, ensure_ascii=False).encode()
    for _ in raw_lines(image, True, Language.EN):
        pass


# -- our layout

_SLOT, _BANK = 2, 2


def _layout(data: bytes) -> None:
    """Each block as it is, and sealed, as one who can reckon a CRC would make it."""
    blocks = [data[at : at + 16] for at in range(0, 16 * 8, 16)]
    for block in blocks:
        _block(block)
        _block(_sealed(block))
    slots = (_sealed(blocks[0]), _sealed(blocks[1]))
    now = standing(*slots)
    if isinstance(now, Standing) and len(blocks[3]) == 16:
        _migrated(now, (blocks[2], blocks[3]))
        _migrated(now, _sealed_bank(blocks[2], blocks[3]))


def _sealed(block: bytes) -> bytes:
    return sealed(int.from_bytes(block[:14].ljust(14, b"\0")))


def _sealed_bank(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    from binascii import crc_hqx

    return first[:14] + crc_hqx(first[:14] + second, 0xFFFF).to_bytes(2, "big"), second


def _block(block: bytes) -> None:
    """What a block says can be written again, and says the same."""
    slot = decode_slot(block)
    assert slot is None or encode_slot(slot) == block
    used: HistoryRow | None = decode_history(block)
    assert used is None or decode_history(encode_history(used)) == used
    numbered = decode_number(block)
    assert numbered is None or decode_number(encode_number(*numbered)) == numbered


def _migrated(now: Standing, bank: tuple[bytes, bytes]) -> None:
    """An account that is read can be written, in the newest layout that holds it, and is the same when read again."""
    account = decode_account(now.slot, bank if now.slot.more else None)
    if isinstance(account, Refusal):
        return
    written = dict(zip(BANKS[now.slot.bank], bank, strict=True)) | {SLOT_BLOCKS[now.place]: now.block}
    made = plan(now, account, account)
    written |= dict((*made.staged, made.commit))
    after = standing(*(written.get(block, bytes(16)) for block in SLOT_BLOCKS))
    assert isinstance(after, Standing)
    first, second = BANKS[after.slot.bank]
    assert decode_account(after.slot, (written[first], written[second]) if after.slot.more else None) == account


def _layout_seed(*numbers: int) -> bytes:
    blocks = blocks_of(bench_card())
    return b"".join(blocks[number] for number in numbers)


# -- transit cards


def _transit(data: bytes) -> None:
    """One card recorded twice, in different orders, with these rows; and its shadow."""
    rows = [data[at : at + 16] for at in range(0, len(data) - 15, 16)]
    for system in (0x0003, 0x8B43, 0xFE00, 0xFFFF, 0x8FC1):
        whole, part = _recordings(system, rows)
        merged = merge((Recorded("a", whole), Recorded("b", part)))
        both_ways = merge((Recorded("b", part), Recorded("a", whole)))
        assert {use.row for use in merged.history.uses} == {use.row for use in both_ways.history.uses}
        json.dumps(transit_facts(merged)).encode()
        history_rows(merged, Language.JA)
    for scheme in SHADOWS:
        try:
            shadow = shadow_of(whole, scheme, int.from_bytes(data[:2]))
        except LayoutFault:
            continue
        slot = decode_slot(blocks_of(shadow)[SLOT_BLOCKS[0]])
        assert slot is not None
        assert (slot.scheme, slot.stored_fare_yen) == (scheme, int.from_bytes(data[:2]))


def _recordings(system: int, rows: list[bytes]) -> tuple[CardImage, CardImage]:
    services = {
        0x008B: dict(enumerate(rows[:1])),
        0x090F: dict(enumerate(rows)),
        0x028F: dict(enumerate(rows)),
        0x108F: dict(enumerate(rows[:3])),
        0x804B: dict(enumerate(rows[:1])),
        0x1317: dict(enumerate(rows[:2])),
    }
    some = services | {0x090F: dict(enumerate(rows[4:], 1)), 0x028F: dict(enumerate(rows[::2]))}
    return tuple(CardImage(IDM, b"", {system: found}, simulated=True) for found in (services, some))  # type: ignore[return-value]


def _table(data: bytes) -> None:
    """The card on a terminal."""
    image = _recordings(0x0003, [data[at : at + 16] for at in range(0, len(data) - 15, 16)])[0]
    out = io.StringIO()
    show_transit(merge((Recorded("a", image),)), Console(file=out, width=80), Language.EN)
    out.getvalue().encode()


# -- frames


def _cards(data: bytes) -> None:
    """Frames as they are; and as one would make them who knows the card: with its length and IDm."""
    for made in (bytes, _addressed):
        bench, transit = FelicaCard(bench_card(), bytes(16)), StandardCard(transit_card())
        for frame in frames(data):
            for card, idm in ((bench, IDM), (transit, transit_card().idm)):
                sent = made(frame) if made is bytes else _addressed(frame, idm)
                answer = card.process(sent)
                assert answer is None or (len(answer) == answer[0] and answer[1] == sent[1] + 1)


def _addressed(frame: bytes, idm: bytes = IDM) -> bytes:
    body = frame[1:2] + idm + frame[10:245]
    return bytes((len(body) + 1,)) + body


TARGETS = {}
