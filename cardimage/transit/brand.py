"""Which card this looks like, and why. No card stores its brand: it is inferred from the systems and services present.

What can't be told apart is not told apart: Suica, PASMO and others answer alike.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from cardimage import lite_s
from cardimage.contents import standing_on
from cardimage.image import Blocks, CardImage
from cardimage.transit import services
from cardimage.transit.balance import attributes_of
from cardimage.transit.codes import Name
from cardimage.transit.services import Service, blocks_of, suica_system
from tariff.refusal import Code, Refusal


class Brand(StrEnum):
    """What a card may be, as far as it shows."""

    BENCH = "bench"
    BLANK = "blank"
    LITE_S = "lite-s"
    NORUCA = "noruca"
    AIZU_NORUCA = "aizu-noruca"
    NORUCA_FAMILY = "noruca-family"
    REGIONAL = "regional"
    SAPICA = "sapica"
    OKICA = "okica"
    SUICA_FAMILY = "suica-family"
    ICOCA = "icoca"
    SUICA_LAYOUT = "suica-layout"
    EDY = "edy"
    OCTOPUS = "octopus"
    UNKNOWN = "unknown"


NAMES: dict[Brand, Name] = {
    Brand.BENCH: Name("当プロジェクトのベンチ用カード", "a bench card of this project"),
    Brand.BLANK: Name("空のカード(FeliCa Lite-S、未発行)", "a blank card (FeliCa Lite-S, not issued)"),
    Brand.LITE_S: Name("FeliCa Lite-S", "FeliCa Lite-S"),
    Brand.NORUCA: Name("NORUCA", "NORUCA"),
    Brand.AIZU_NORUCA: Name("AIZU NORUCA", "AIZU NORUCA"),
    Brand.NORUCA_FAMILY: Name("NORUCA系", "NORUCA family"),
    Brand.REGIONAL: Name("地域連携ICカード(2in1)", "regional 2-in-1 card"),
    Brand.SAPICA: Name("SAPICA", "SAPICA"),
    Brand.OKICA: Name("OKICA", "OKICA"),
    Brand.SUICA_FAMILY: Name("Suica・PASMO系", "Suica, PASMO or another of that family"),
    Brand.ICOCA: Name("ICOCA", "ICOCA"),
    Brand.SUICA_LAYOUT: Name("交通系IC(種類不明)", "Suica layout, kind not told"),
    Brand.EDY: Name("楽天Edy", "Edy"),
    Brand.OCTOPUS: Name("八達通(Octopus)", "Octopus"),
    Brand.UNKNOWN: Name("不明", "unknown"),
}


class Guess(NamedTuple):
    """The likeliest brand, and what it was inferred from."""

    brand: Brand
    why: Name


_NORUCA_KINDS = {0x0FC9: Brand.NORUCA, 0x0FCA: Brand.AIZU_NORUCA}
_ATTRIBUTE_KINDS = {2: Brand.SUICA_FAMILY, 3: Brand.ICOCA}


def guess_brand(image: CardImage) -> Guess:
    """The most particular brand whose signs the card shows."""
    found = (guess for sign in _SIGNS if (guess := sign(image)) is not None)
    systems = ", ".join(f"{code:04X}" for code in sorted(image.systems)) or "-"
    return next(found, Guess(Brand.UNKNOWN, Name(f"システム {systems}", f"systems {systems}")))


def is_blank(blocks: Blocks) -> bool:
    """Whether nothing is on a whole Lite-S card: fresh from the factory, or wiped."""
    return not any(any(blocks[number]) for number in range(lite_s.S_PADS))


def _of_systems(brand: Brand, *systems: int) -> Callable[[CardImage], Guess | None]:
    """The brand whose card has all of these systems."""
    named = " + ".join(f"{code:04X}" for code in systems)
    guess = Guess(brand, Name(f"システム {named} がある", f"system {named} is there"))
    return lambda image: guess if image.systems.keys() >= set(systems) else None


def _lite_s(image: CardImage) -> Guess | None:
    if lite_s.SYSTEM_CODE not in image.systems:
        return None
    blocks = image.lite_s_blocks()
    if blocks and is_blank(blocks):
        return Guess(Brand.BLANK, Name("システム 88B4、S_PADはすべて0", "system 88B4, and every S_PAD is zero"))
    now = standing_on(blocks) if blocks else None
    if now and (not isinstance(now, Refusal) or now.code is not Code.UNREADABLE_CARD):
        return Guess(
            Brand.BENCH,
            Name("システム 88B4、S_PADが当方の配置", "system 88B4, and a slot of our layout stands in S_PAD0-1"),
        )
    return Guess(Brand.LITE_S, Name("システム 88B4、当方の配置ではない", "system 88B4, and no slot of our layout"))


def _noruca(image: CardImage) -> Guess | None:
    if services.NORUCA not in image.systems:
        return None
    block = blocks_of(image, Service(services.NORUCA, services.NORUCA_KIND)).get(0)
    if block is None:
        return Guess(
            Brand.NORUCA_FAMILY,
            Name("システム 8B43、サービス804Bの記録なし", "system 8B43; its service 804B is not recorded"),
        )
    kind = int.from_bytes(block[:2], "big")
    return Guess(
        _NORUCA_KINDS.get(kind, Brand.NORUCA_FAMILY),
        Name(f"システム 8B43、804Bの先頭が {kind:04X}", f"system 8B43, and service 804B begins with {kind:04X}"),
    )


def _suica(image: CardImage) -> Guess | None:
    system = suica_system(image)
    if system is None:
        return None
    said = (
        Name("システム 0003", "system 0003")
        if system == services.SUICA
        else Name("システム不明、Suica系のサービス", "system not stated, services of the Suica family")
    )
    attributes = attributes_of(image)
    if attributes is None:
        return Guess(Brand.SUICA_LAYOUT, Name(f"{said.ja}、008Bの記録なし", f"{said.en}; service 008B is not recorded"))
    return Guess(
        _ATTRIBUTE_KINDS.get(attributes.kind, Brand.SUICA_LAYOUT),
        Name(
            f"{said.ja}、008Bの種別が {attributes.kind:X}",
            f"{said.en}, and service 008B is of kind {attributes.kind:X}",
        ),
    )


def _edy(image: CardImage) -> Guess | None:
    if services.EDY_PURSE in image.systems.get(services.COMMON, {}):
        return Guess(
            Brand.EDY, Name("共通領域FE00にサービス1317がある", "service 1317 is there in the common area FE00")
        )
    return None


_SIGNS: tuple[Callable[[CardImage], Guess | None], ...] = (
    _lite_s,
    _noruca,
    _of_systems(Brand.REGIONAL, services.SUICA, services.REGIONAL, services.COMMON),
    _of_systems(Brand.SAPICA, services.SAPICA),
    _of_systems(Brand.OKICA, services.OKICA),
    _suica,
    _edy,
    _of_systems(Brand.OCTOPUS, services.OCTOPUS),
)
