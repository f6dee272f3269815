"""What a counter's desk saw and wrote of a card, among its taps: a witness like any vehicle's (faults 5, 12, CTR-4).

    saw(...)     a card that lay there: which slot stands tells what became of a vehicle's write of unknown end
    wrote(...)   a write of the desk's own, so that the next vehicle's slot follows from something

The desk's money is booked by `centre.ledger.events`; these rows move none. Both may be told again.
"""

from typing import NamedTuple

from centre.ledger.chain import End
from centre.ledger.companies import issuer_of
from centre.ledger.models import CardStanding, Tap

ACTION = "desk"
"""The action of these rows."""


class OnDesk(NamedTuple):
    """A card as a desk read it: its count of writes, the slot that stood, and what it held, points included."""

    idm: str
    scheme: str
    write_counter: int
    slot: bytes
    balance_yen: int


def saw(card: OnDesk, at_s: int) -> bool:
    """A card was read and left as it was. Kept only where a write of unknown end waits to be told of; says whether."""
    if not Tap.objects.filter(idm=card.idm, settled=None).exists():
        return False
    _add(card, at_s, f"look {card.idm}", card.write_counter, card.slot, End.NOT_WRITTEN)
    return True


def wrote(card: OnDesk, at_s: int, act: int, slot_after: bytes) -> None:
    """The desk's operation `act` made this slot of the one that stood; `card.balance_yen` is what it held then."""
    _add(card, at_s, "acts", act, slot_after, End.WRITTEN)


def _add(card: OnDesk, at_s: int, journal: str, seq: int, slot_after: bytes, end: End) -> None:
    Tap.objects.get_or_create(
        terminal=ACTION,
        journal=journal,
        seq=seq,
        defaults={
            "key": f"{ACTION} {journal} {seq}",
            "at_s": at_s,
            "idm": card.idm,
            "scheme": card.scheme,
            "company": issuer_of(card.scheme),
            "action": ACTION,
            "stop_index": 0,
            "write_counter": card.write_counter,
            "slot_before": card.slot,
            "slot_after": slot_after,
            "balance_yen": card.balance_yen,
            "paid_yen": 0,
            "due_yen": 0,
            "cash_yen": 0,
            "auto_charge_yen": 0,
            "note_yen": 0,
            "end": end,
            "settled": end is End.WRITTEN,
            "payload": b"",
        },
    )
    CardStanding.objects.update_or_create(
        idm=card.idm,
        defaults={"to_judge": True},
        create_defaults={
            "scheme": card.scheme,
            "to_judge": True,
        },
    )
