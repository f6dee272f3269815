"""The XML of FareBot, and of Metrodroid before 2019: one grammar, base64 data, decimal codes.

`<systems>`, `<services>`, `<blocks>` and `<data>` may stand around what they hold or be left out. No document type and
no entity is taken, so nothing can expand.
"""

from collections.abc import Callable
from typing import Never
from xml.parsers import expat

from cardimage.formats.recording import Collection, Place, Recording
from cardimage.formats.text import base64, hexadecimal
from cardimage.image import CardImage

MAX_DEPTH = 16
MAX_CARDS = 1_000
_FELICA = "4"
_IDENTIFIERS = ("idm", "pmm")


def read(text: str, source: str) -> Collection:
    """A document of one `<card>`, or of several in `<cards>` -> its FeliCa cards; other kinds are passed over."""
    reader = _Reader(source)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    reader.line = lambda: parser.CurrentLineNumber
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        at = Place(source, f"line {error.lineno}, column {error.offset + 1}")
        raise at.fault(f"not XML: {expat.ErrorString(error.code)}; take the dump again") from None
    if not reader.cards:
        raise Place(source, "").fault("no FeliCa card in it; give a dump of a FeliCa card")
    return Collection(tuple(reader.cards), reader.passed_over)


class _Reader:
    """What the parser calls, with where it is: which elements are open, which card, system, service and block."""

    def __init__(self, source: str) -> None:
        self.cards: list[CardImage] = []
        self.passed_over = 0
        self.line: Callable[[], int] = int
        self._source = source
        self._open: list[str] = []
        self._text: list[str] = []
        self._card: Recording | None = None
        self._found: dict[str, bytes] = {}
        self._system: int | None = None
        self._service: int | None = None
        self._block: int | None = None

    def refuse(self, *_: object) -> Never:
        """A document type or an entity."""
        raise self._place().fault("a document type or an entity; no program writes one into a card dump")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        if len(self._open) == MAX_DEPTH:
            raise self._place().fault(f"nested more than {MAX_DEPTH} deep; not a card")
        if not self._open and name not in ("card", "cards"):
            raise self._place().fault("neither <card> nor <cards>; give a dump of FareBot or Metrodroid")
        self._open.append(name)
        self._text = []
        if name == "card":
            self._start_card(attributes)
        elif self._card is not None:
            self._start_part(self._card, name, attributes)

    def _start_card(self, attributes: dict[str, str]) -> None:
        if self._open.count("card") > 1:
            raise self._place().fault("a card within a card; take the dump again")
        if len(self.cards) + self.passed_over == MAX_CARDS:
            raise self._place().fault(f"more than {MAX_CARDS} cards; give them in several files")
        self._system = self._service = self._block = None
        self._card = Recording() if attributes.get("type", _FELICA) == _FELICA else None
        self.passed_over += self._card is None
        tag_id = attributes.get("id", "")
        self._found = {"id": hexadecimal(tag_id, 8, self._place())} if self._card and len(tag_id) == 16 else {}

    def _start_part(self, card: Recording, name: str, attributes: dict[str, str]) -> None:
        if name == "system":
            self._system, self._service = self._number(attributes, "code", 0, 0xFFFF), None
            card.add_system(self._system, self._place())
        elif name == "service":
            if self._system is None:
                raise self._place().fault("a service outside a system; take the dump again")
            self._service = self._number(attributes, "code", 0, 0xFFFF)
            card.add_service(self._system, self._service, self._place())
        elif name == "block":
            # FareBot keeps an address in a signed byte: 80h is -128 there.
            self._block = self._number(attributes, "address", -128, 0xFF) & 0xFF

    def characters(self, text: str) -> None:
        """Text within an element."""
        self._text.append(text)

    def end(self, name: str) -> None:
        """An element closes."""
        self._open.pop()
        if self._card is None:
            return
        if name == "block":
            self._end_block(self._card)
        elif name in _IDENTIFIERS:
            self._found[name] = base64("".join(self._text), 8, self._place())
        elif name == "card":
            idm = self._found.get("idm") or self._found.get("id", b"")
            self.cards.append(self._card.image(idm, self._found.get("pmm", b"")))
            self._card = None
        if name != "data":
            self._text = []

    def _end_block(self, card: Recording) -> None:
        if self._system is None or self._service is None or self._block is None:
            raise self._place().fault("a block outside a service; take the dump again")
        data = base64("".join(self._text), 16, self._place())
        card.add_block(self._system, self._service, self._block, data, self._place())
        self._block = None

    def _number(self, attributes: dict[str, str], name: str, least: int, most: int) -> int:
        digits = attributes.get(name, "")
        plain = digits.removeprefix("-")
        if plain.isascii() and plain.isdecimal() and len(plain) <= 5 and least <= int(digits) <= most:
            return int(digits)
        raise self._place().fault(f"attribute {name} must be a decimal number from {least} to {most}")

    def _place(self) -> Place:
        return Place(self._source, f"line {self.line()}")
