"""Proxmark3's JSON (`hf felica dump`): nodes by system. A node's code is in the order of the air: 0F09 is 090F."""

from cardimage.formats.json_text import Node
from cardimage.formats.recording import Recording
from cardimage.formats.text import hexadecimal
from cardimage.image import CardImage


def read(card: Node) -> CardImage:
    """The object with a list `systems` -> CardImage. Each system states an IDm; the first's is the card's."""
    recording = Recording()
    systems = card.need("systems").entries()
    for system in systems:
        code = int.from_bytes(system.need("code").hexadecimal(2))
        recording.add_system(code, system.place)
        for node in system.need("nodes").entries():
            if node.need("type").text() == "service":
                _read_service(recording, code, node)
    return recording.image(_identifier(systems, "idm"), _identifier(systems, "pmm"))


def _identifier(systems: list[Node], name: str) -> bytes:
    found = systems[0].members().get(name) if systems else None
    return found.hexadecimal(8) if found else b""


def _read_service(recording: Recording, system: int, node: Node) -> None:
    code = int.from_bytes(node.need("code").hexadecimal(2), "little")
    recording.add_service(system, code, node.place)
    for key, block in node.optional_members("data"):
        number = int.from_bytes(hexadecimal(key, 2, block.place))
        recording.add_block(system, code, number, block.hexadecimal(16), block.place)
