"""A card's engraved number, read through its session: the counter asks, no bus does."""

from datetime import date

from cardimage.layout.blocks import NUMBER_BLOCK
from cardimage.layout.number import decode_number
from reader.card import as_refusal
from reader.port import CardLost, Declined, ReaderFault, Session
from tariff.refusal import Refusal


def read_number(session: Session) -> tuple[str, date] | Refusal | ReaderFault | None:
    """The engraved number and the day of issue; None on a card that does not tell them: one command more."""
    blocks = session.read(NUMBER_BLOCK)
    return as_refusal(blocks) if isinstance(blocks, (CardLost, Declined, ReaderFault)) else decode_number(blocks[0])
