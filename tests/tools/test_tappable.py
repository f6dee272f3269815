"""Which recorded cards can be tapped on a bench, and as what; which are refused, by a sentence."""

from datetime import date

import pytest

from cardimage.image import CardImage, ImageFault, blank_lite_s
from cardimage.issue import issue
from cardimage.resolve import Standing, standing
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tools.tappable import tappable

PMM = bytes.fromhex("10 0B 4B 42 84 85 D0 FF")
FILE = "my.nfc"


def recorded(system: int, service: int = 0x090F, balance_yen: int = 1_000, *more: int) -> CardImage:
    """A recorded card of the Suica layout, in any system; `more` systems are there and empty."""
    row = bytes.fromhex("16010002335206120304") + balance_yen.to_bytes(2, "little") + bytes.fromhex("00002A00")
    return CardImage(IDM, PMM, {system: {service: {0: row}}, **{other: {} for other in more}}, simulated=False)


def slot_of(image: CardImage) -> tuple[str, int]:
    blocks = image.lite_s_blocks()
    assert blocks is not None
    now = standing(blocks[0], blocks[1])
    assert isinstance(now, Standing)
    return now.slot.scheme, now.slot.stored_fare_yen


def test_a_simulated_card_is_tapped_itself() -> None:
    card = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    assert tappable(card, FILE, None) is card


def test_a_recorded_card_of_ours_is_tapped_by_a_copy_that_says_it_is_simulated() -> None:
    card = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))._replace(simulated=False)
    copy = tappable(card, FILE, None)
    assert copy == card._replace(simulated=True)
    blocks, own = copy.lite_s_blocks(), card.lite_s_blocks()
    assert blocks is not None and own is not None
    blocks[0] = b"\x55" * 16
    assert own[0] != blocks[0]


@pytest.mark.parametrize(
    ("card", "told", "scheme"),
    [
        (recorded(0x0003), None, "suica"),
        (recorded(0x0003), "pasmo", "pasmo"),
        (recorded(0xFFFF), None, "suica"),
        (recorded(0x0003, 0x090F, 1_000, 0x86A7, 0xFE00), None, "suica"),
    ],
)
def test_igp_2_a_card_of_the_suica_family_is_tapped_by_its_shadow(
    card: CardImage, told: str | None, scheme: str
) -> None:
    shadow = tappable(card, FILE, told)
    assert slot_of(shadow) == (scheme, 1_000)
    assert (shadow.idm, shadow.simulated) == (IDM, True)


@pytest.mark.parametrize("told", [None, "suica"])
@pytest.mark.parametrize(
    ("card", "name"),
    [
        (recorded(0x8FC1, 0x028F), "OKICA"),
        (recorded(0x865E), "SAPICA"),
        (recorded(0x0003, 0x090F, 1_000, 0x8B43), "NORUCA family"),
        (recorded(0x8008), "Octopus"),
        (blank_lite_s(IDM)._replace(pmm=b""), "FeliCa Lite-S"),
        (recorded(0x0003, 0x108F), "Suica layout, kind not told"),
    ],
)
def test_a_card_that_no_operator_takes_or_without_its_balance_is_refused_by_its_name(
    card: CardImage, name: str, told: str | None
) -> None:
    with pytest.raises(ImageFault, match=f"^{FILE}: {name}: can't be tapped; it must be a whole FeliCa Lite-S card"):
        tappable(card, FILE, told)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (recorded(0x0003)._replace(idm=b""), "a card whose IDm is not recorded; record the card again"),
        (recorded(0x0003, balance_yen=65_535), "65535 does not fit 15 bits"),
    ],
)
def test_a_recording_that_has_no_shadow_is_a_fault_of_its_file(card: CardImage, said: str) -> None:
    with pytest.raises(ImageFault, match=f"^{FILE}: Suica layout, kind not told: can't be tapped: .*{said}"):
        tappable(card, FILE, None)
