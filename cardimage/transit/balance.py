"""What is on a transit card. The newest row of the history is surer than service 008B, which stands beside it."""

from typing import NamedTuple

from cardimage.image import CardImage
from cardimage.transit import services
from cardimage.transit.fields import yen_at
from cardimage.transit.rows import decode_row
from cardimage.transit.services import Service, blocks_of, history_blocks, suica_blocks


class Attributes(NamedTuple):
    """Service 008B: `kind` is byte 8's high half (2 Suica, PASMO and others, 3 ICOCA), `update` a running number."""

    raw: bytes
    kind: int
    balance_yen: int
    update: int


class Balance(NamedTuple):
    """The balance of a Suica-family card by each of its witnesses; None where one is not recorded."""

    history_yen: int | None
    attributes_yen: int | None

    @property
    def yen(self) -> int | None:
        """The surer of the two."""
        return self.attributes_yen if self.history_yen is None else self.history_yen

    @property
    def is_disputed(self) -> bool:
        """Whether the witnesses disagree."""
        return None not in self and self.history_yen != self.attributes_yen


def attributes_of(image: CardImage) -> Attributes | None:
    """Service 008B of a Suica-family card."""
    block = suica_blocks(image, services.ATTRIBUTES).get(0)
    if block is None:
        return None
    return Attributes(block, block[8] >> 4, yen_at(block, 11), int.from_bytes(block[14:16], "big"))


def balance_of(image: CardImage) -> Balance:
    """The balance by the history's newest row (block 0), and by service 008B."""
    newest = history_blocks(image).get(0)
    row = decode_row(newest) if newest else None
    attributes = attributes_of(image)
    return Balance(row.balance_yen if row else None, attributes.balance_yen if attributes else None)


def edy_yen(image: CardImage) -> int | None:
    """What is in Edy's purse; a telephone may have it beside a Suica. A purse begins with four bytes, little-endian."""
    block = blocks_of(image, Service(services.COMMON, services.EDY_PURSE)).get(0)
    return int.from_bytes(block[:4], "little") if block else None
