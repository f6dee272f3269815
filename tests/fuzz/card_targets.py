"""Cards: image files of every format, blocks of our layout, transit cards, and frames to the card models."""

import io
import json
from binascii import crc_hqx
from datetime import date

from rich.console import Console

from cardimage import image as card_image
from cardimage.felica_card import FelicaCard
from cardimage.formats import flipper, read_cards
from cardimage.image import CardImage, ImageFault
from cardimage.issue import issue
from cardimage.layout.bits import LayoutFault, sealed
from cardimage.layout.blocks import BANKS, SLOT_BLOCKS
from cardimage.layout.conditions import decode_account
from cardimage.layout.history import HistoryRow, decode_history, encode_history
from cardimage.layout.number import decode_number, encode_number
from cardimage.layout.slots import decode_slot, encode_slot
from cardimage.layout.variants import SHADOWS
from cardimage.resolve import Standing, standing
from cardimage.shadow import shadow_of
from cardimage.standard_card import StandardCard
from cardimage.transit.history import MergeFault, Recorded, merge
from cardimage.write_plan import plan
from farebox.words import Language
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

DAY = date(2026, 11, 20)


def bench_card() -> CardImage:
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
    return issue(IDM, account, "LC1", DAY)


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


def _layout(data: bytes) -> None:
    """Each block as it is, and sealed, as one who can reckon a CRC would make it."""
    blocks = blocks_in(data, 8)
    for block in blocks:
        _block(block)
        _block(_sealed(block))
    slots = (_sealed(blocks[0]), _sealed(blocks[1]))
    now = standing(*slots)
    if isinstance(now, Standing):
        _migrated(now, (blocks[2], blocks[3]))
        _migrated(now, _sealed_bank(blocks[2], blocks[3]))


def blocks_in(data: bytes, count: int) -> list[bytes]:
    """So many blocks, zero where there is no data."""
    return [data[at : at + 16].ljust(16, b"\0") for at in range(0, 16 * count, 16)]


def sealed_layout(blocks: list[bytes]) -> list[bytes]:
    """A card's first blocks with their check sums right, where anything is written."""
    whole = [_sealed(block) if any(block) else block for block in blocks]
    for first, second in BANKS:
        whole[first : second + 1] = _sealed_bank(blocks[first], blocks[second])
    return whole


def _sealed(block: bytes) -> bytes:
    return sealed(int.from_bytes(block[:14]))


def _sealed_bank(first: bytes, second: bytes) -> tuple[bytes, bytes]:
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


def _history_seed() -> bytes:
    row_of_ride = HistoryRow(5, DAY, 7, 0, 4, 500, 0, 1_000, 1_500, after_boarding=True)
    added = HistoryRow(6, DAY, 0, 0, 0, 1_000, 1_000, 0, 2_500, top_up=True, mark=0x73AB_6296)
    rows = (row_of_ride, row_of_ride._replace(day=date(2016, 1, 1)), row_of_ride._replace(mark=7), added)
    return _layout_seed(0, 2) + b"".join(map(encode_history, rows))


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


def _recordings(system: int, rows: list[bytes]) -> list[CardImage]:
    services = {
        0x008B: dict(enumerate(rows[:1])),
        0x090F: dict(enumerate(rows)),
        0x028F: dict(enumerate(rows)),
        0x108F: dict(enumerate(rows[:3])),
        0x804B: dict(enumerate(rows[:1])),
        0x1317: dict(enumerate(rows[:2])),
    }
    some = services | {0x090F: dict(enumerate(rows[4:], 1)), 0x028F: dict(enumerate(rows[::2]))}
    return [CardImage(IDM, b"", {system: found}, simulated=True) for found in (services, some)]


def _table(data: bytes) -> None:
    """The card on a terminal."""
    image = _recordings(0x0003, [data[at : at + 16] for at in range(0, len(data) - 15, 16)])[0]
    out = io.StringIO()
    show_transit(merge((Recorded("a", image),)), Console(file=out, width=80), Language.EN)
    out.getvalue().encode()


# -- frames


def _cards(data: bytes) -> None:
    """Frames as they are; and with their right length and the card's IDm, so that more of them are looked into."""
    for is_addressed in (False, True):
        bench, transit = FelicaCard(bench_card(), bytes(16)), StandardCard(transit_card())
        for frame in frames(data):
            for card, idm in ((bench, IDM), (transit, transit_card().idm)):
                sent = _addressed(frame, idm) if is_addressed else frame
                answer = card.process(sent)
                assert answer is None or (len(answer) == answer[0] and answer[1] == sent[1] + 1)


def _addressed(frame: bytes, idm: bytes) -> bytes:
    body = (frame[1:2] or b"\x06") + idm + frame[10:245]
    return bytes((len(body) + 1,)) + body


_FRAMES = (
    "06 00 88 B4 00 00 06 00 FF FF 01 00",
    "20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80" + "00" * 16,
    "16 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 04 80 90 80 00 80 01 80 91",
    "10 06 01 0A 10 00 20 0B 30 0C 01 0F 09 01 80 00",
    "0C 0A 01 0A 10 00 20 0B 30 0C 01 00 0A 0C 01 0A 10 00 20 0B 30 0C",
)

_ROWS = (
    attributes(1_000)
    + row(9, 1_000)
    + row(7, 1_210, process=0x0D, entry_exit=0x0F)
    + row(6, 900, process=0x46, terminal=0xC7, place=bytes.fromhex("4A20 0C01"))
    + row(3, 1_500, process=0x02, regions=(2, 1))
)


def _sample(name: str) -> bytes:
    sample = EVERY_FORMAT[name]
    return sample.encode() if isinstance(sample, str) else sample


_LITE_DUMP = (
    f"Type3Tag 'FeliCa Lite-S (RC-S966)' ID={IDM.hex()} PMM=00F1000000014300 SYS=88B4\n"
    + "".join(f"{number:3}: {'01 ' * 16}|{'.' * 16}|\n" for number in range(3))
    + f" 128: {'?? ' * 16}(RC)\n"
).encode()

TARGETS: dict[str, Target] = {
    "card-image": Target(_image, (ImageFault,), (card_image.dump(bench_card()), card_image.dump(transit_card()))),
    "card-flipper": Target(
        _formats,
        (ImageFault,),
        (_sample("flipper"), flipper.write(bench_card()).encode(), flipper.write(transit_card()).encode()),
    ),
    "card-json": Target(_formats, (ImageFault,), (_sample("farebot"), _sample("metrodroid"), _sample("proxmark"))),
    "card-xml": Target(_formats, (ImageFault,), (_sample("xml"),)),
    "card-lines": Target(_formats, (ImageFault,), (_sample("nfcpy"), _sample("libpafe"), _LITE_DUMP)),
    "card-layout": Target(_layout, (), (_layout_seed(0, 1, 3, 4, 2, 7), _layout_seed(2, 0, 3, 4), _history_seed())),
    "card-transit": Target(_transit, (MergeFault,), (_ROWS, bytes(range(160)))),
    "card-table": Target(_table, (), (_ROWS,)),
    "card-frames": Target(_cards, (), tuple(bytes.fromhex(sent) for sent in _FRAMES)),
}
