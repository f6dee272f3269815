"""Which format a file is, by its contents, never by its name; and its cards."""

from cardimage import image
from cardimage.formats import card_xml, farebot, flipper, json_text, libpafe, metrodroid, nfcpy_dump, proxmark
from cardimage.formats.json_text import Node
from cardimage.formats.recording import Collection, Place, known_idm
from cardimage.formats.text import check_lines, decode
from cardimage.image import CardImage

MAX_FILE_BYTES = 4 << 20
"""A card in the wordiest format takes less than 100 KiB; this leaves room for a phone's whole collection."""
MAX_CARDS = card_xml.MAX_CARDS

_CBOR_MAPS = range(0xA0, 0xC0)
"""First bytes of a CBOR map. No UTF-8 text begins with one of them."""
_SFCARD_VIEWER = "カードID=".encode("cp932")


def is_ours(data: bytes) -> bool:
    """Whether a file is of our own format, by its first byte."""
    return data[:1] != b"" and data[0] in _CBOR_MAPS


def read_cards(data: bytes, source: str) -> tuple[CardImage, ...]:
    """The FeliCa cards of read_collection alone."""
    return read_collection(data, source).cards


def read_collection(data: bytes, source: str) -> Collection:
    """The bytes of a file -> its FeliCa cards, at least one.

    Raises ImageFault that names `source`, the place in it (byte, line or JSON path) and the mend; nothing else.
    """
    whole = Place(source, "")
    if len(data) > MAX_FILE_BYTES:
        raise whole.fault(f"more than {MAX_FILE_BYTES >> 20} MiB; no card dump is so large")
    if not data.strip():
        raise whole.fault("is empty; take the dump again")
    if is_ours(data):
        card = image.load(data, source)
        return Collection((card._replace(idm=known_idm(card.idm)),))
    if data.startswith(_SFCARD_VIEWER):
        raise whole.fault(
            "a list of SFCard Viewer, which holds no blocks of the card; give a dump by nfcpy, FareBot or Flipper"
        )
    text = decode(data, source)
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return _json(json_text.parse(text, source))
    if start.startswith("<"):
        # Before the declaration <?xml … ?> there must be nothing; lines are counted from there.
        return card_xml.read(text, source)
    check_lines(text, source)
    if start.startswith("Filetype:"):
        return Collection((_flipper(text, source),))
    if nfcpy_dump.RECOGNISED.search(text):
        return Collection((nfcpy_dump.read(text, source),))
    if libpafe.RECOGNISED.search(text):
        return Collection((libpafe.read(text, source),))
    raise whole.fault("no card dump that this program knows; it reads those that docs/card_files.md lists")


def _flipper(text: str, source: str) -> CardImage:
    if not text.lstrip().startswith(flipper.FIRST_LINE):
        raise Place(source, "line 1").fault("a Flipper file, but not of an NFC device; give a .nfc file")
    return flipper.read(text, source)


def _json(document: Node) -> Collection:
    """One card, or the list `cards` of a whole collection, of which only FeliCa cards are taken."""
    if not isinstance(document.value, dict) or "cards" not in document.value:
        card = _json_card(document)
        if card is None:
            raise document.place.fault(
                "not a FeliCa card of FareBot, Metrodroid or Proxmark3; give a dump of one, as its program wrote it"
            )
        return Collection((card,))
    entries = document.need("cards").entries()
    if len(entries) > MAX_CARDS:
        raise document.place.fault(f"more than {MAX_CARDS} cards; give them in several files")
    cards = tuple(card for entry in entries if (card := _json_card(entry)))
    if not cards:
        raise document.place.fault("no FeliCa card in it; give a dump of a FeliCa card")
    return Collection(cards, len(entries) - len(cards))


def _json_card(document: Node) -> CardImage | None:
    """A card of whichever program; None if it is of another kind than FeliCa, or of none that is known."""
    members = document.members()
    if "felica" in members:
        return metrodroid.read(document)
    if "cardType" in members:
        return farebot.read(document) if members["cardType"].text() == "FeliCa" else None
    return proxmark.read(document) if "systems" in members else None
