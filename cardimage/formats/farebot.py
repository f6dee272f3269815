"""FareBot's JSON: base64 data, codes as numbers. Its XML is in card_xml.py."""

from cardimage.formats.json_text import Node
from cardimage.formats.recording import Recording
from cardimage.image import CardImage

_TAG_ID_IN_BASE64 = 12
"""Characters that 8 bytes take."""


def read(card: Node) -> CardImage:
    """The object of one card with `cardType` FeliCa -> CardImage. Without an IDm, a tag id of 8 bytes is it."""
    members = card.members()
    recording = Recording()
    for system in card.optional_entries("systems"):
        code = system.need("code").code()
        recording.add_system(code, system.place)
        for service in system.optional_entries("services"):
            _read_service(recording, code, service)
        for listed in system.optional_entries("allServiceCodes"):
            recording.add_service(code, listed.code(), listed.place)
    idm = _identifier(members.get("idm"), "manufactureCode", "cardIdentification")
    tag_id = members.get("tagId")
    if not idm and tag_id is not None and len(tag_id.text()) == _TAG_ID_IN_BASE64:
        idm = tag_id.base64(8)
    return recording.image(idm, _identifier(members.get("pmm"), "icCode", "maximumResponseTime"))


def _identifier(node: Node | None, *parts: str) -> bytes:
    """Base64, or in older files two lists of signed bytes, 2 and 6."""
    if node is None:
        return b""
    if isinstance(node.value, str):
        return node.base64(8)
    octets = bytes(octet.number(-128, 255) & 0xFF for part in parts for octet in node.need(part).entries())
    if len(octets) != 8:
        raise node.place.fault("must be 8 bytes; take the dump again")
    return octets


def _read_service(recording: Recording, system: int, service: Node) -> None:
    code = service.need("serviceCode").code()
    recording.add_service(system, code, service.place)
    for block in service.optional_entries("blocks"):
        # FareBot keeps an address in a signed byte: 80h is -128 there.
        number = block.need("address").number(-128, 255) & 0xFF
        recording.add_block(system, code, number, block.need("data").base64(16), block.place)
