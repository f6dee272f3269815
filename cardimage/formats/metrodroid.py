"""Metrodroid's JSON: hex data, decimal codes as keys. Its old XML is FareBot's (card_xml.py)."""

from cardimage.formats.json_text import Node, decimal_key
from cardimage.formats.recording import Recording
from cardimage.image import CardImage


def read(card: Node) -> CardImage:
    """The object of one card, which has a member `felica` -> CardImage.

    Cards recorded since 2019 have no iDm of their own; there the tag's id is the IDm, if it has 8 bytes.
    """
    felica = card.need("felica")
    recording = Recording()
    for key, system in felica.optional_members("systems"):
        code = decimal_key(key, system)
        recording.add_system(code, system.place)
        for service_key, service in system.optional_members("services"):
            _read_service(recording, code, decimal_key(service_key, service), service)
    stated = felica.members()
    pmm = stated["pMm"].hexadecimal(8) if "pMm" in stated else b""
    return recording.image(_idm(stated.get("iDm"), card.members().get("tagId")), pmm)


def _idm(idm: Node | None, tag_id: Node | None) -> bytes:
    if idm is not None:
        return idm.hexadecimal(8)
    return tag_id.hexadecimal(8) if tag_id is not None and len(tag_id.text()) == 16 else b""


def _read_service(recording: Recording, system: int, code: int, service: Node) -> None:
    """Blocks stand in a list, by order or by `address`, or since 2019 in a map by number; none if it was skipped."""
    recording.add_service(system, code, service.place)
    for order, block in enumerate(service.optional_entries("blocks")):
        address = block.members().get("address")
        number = order if address is None else address.code()
        recording.add_block(system, code, number, block.need("data").hexadecimal(16), block.place)
    for key, block in service.optional_members("blocksMap"):
        recording.add_block(system, code, decimal_key(key, block), block.need("data").hexadecimal(16), block.place)
