"""Values of the counter as JSON and back: what an operation still has to do outlives the process that began it."""

from typing import Any, NamedTuple

from cattrs.cols import is_namedtuple, namedtuple_dict_structure_factory, namedtuple_dict_unstructure_factory
from cattrs.preconf.json import JsonConverter, make_converter
from cattrs.strategies import configure_tagged_union

from centre.counter.desk import NewCard
from centre.counter.operations.effects import Effect
from centre.ledger.booking import Booking
from farebox.formats.bundle import Change
from tariff.account import Account


class Sent(NamedTuple):
    """A write that may have reached its card: the slot before and after, the row staged with it, the count before."""

    before: bytes
    after: bytes
    row_block: int
    row: bytes
    write_count: int


class Waiting(NamedTuple):
    """What is to be done once the card is known to be written. `sent` or `new`: how it is written; neither: no card."""

    effects: tuple[Effect, ...]
    bookings: tuple[Booking, ...]
    sent: Sent | None = None
    new: NewCard | None = None


def _converter() -> JsonConverter:
    made = make_converter(forbid_extra_keys=True)
    made.register_unstructure_hook_factory(is_namedtuple, namedtuple_dict_unstructure_factory)
    made.register_structure_hook_factory(is_namedtuple, namedtuple_dict_structure_factory)
    configure_tagged_union(Change, made)
    configure_tagged_union(Effect, made)
    return made


_CONVERTER = _converter()


def plain(value: object, kind: Any = None) -> Any:
    """A value as JSON has it."""
    return _CONVERTER.unstructure(value, kind)


def waiting_of(stored: Any) -> Waiting:
    """What was stored of an operation."""
    return _CONVERTER.structure(stored, Waiting)


def account_of(stored: Any) -> Account:
    """An account that was stored."""
    return _CONVERTER.structure(stored, Account)
