"""Where a transit card keeps what: system and service codes, and the blocks that were recorded of them."""

from typing import NamedTuple

from cardimage.image import UNSTATED_SYSTEM, Blocks, CardImage

SUICA = 0x0003
"""The system of Suica, PASMO, ICOCA and the cards that share their layout."""
ATTRIBUTES = 0x008B
HISTORY = 0x090F
GATES = 0x108F
ENTRIES = 0x10CB

OKICA = 0x8FC1
OKICA_HISTORY = 0x028F

NORUCA = 0x8B43
NORUCA_KIND = 0x804B
"""Bytes 0-1 of its first block tell NORUCA from AIZU NORUCA."""

REGIONAL = 0x86A7
COMMON = 0xFE00
SAPICA = 0x865E
OCTOPUS = 0x8008
EDY = 0x8092
EDY_PURSE = 0x1317


class Service(NamedTuple):
    """One service of one system."""

    system: int
    code: int


def blocks_of(image: CardImage, service: Service) -> Blocks:
    """What was recorded of a service; nothing if it is not there, or could not be read."""
    return image.systems.get(service.system, {}).get(service.code, {})


def suica_system(image: CardImage) -> int | None:
    """Under which system this image has the services of a Suica-family card: its own, or one that its file left out."""
    if SUICA in image.systems:
        return SUICA
    return UNSTATED_SYSTEM if image.systems.get(UNSTATED_SYSTEM, {}).keys() & {ATTRIBUTES, HISTORY} else None


def suica_blocks(image: CardImage, code: int) -> Blocks:
    """What was recorded of a service of a Suica-family card."""
    system = suica_system(image)
    return {} if system is None else blocks_of(image, Service(system, code))


def history_blocks(image: CardImage) -> Blocks:
    """The blocks of the card's history, newest first; nothing for a card without one that is known."""
    return suica_blocks(image, HISTORY) or blocks_of(image, Service(OKICA, OKICA_HISTORY))
