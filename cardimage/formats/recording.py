"""What every reader of a format fills: the systems, services and blocks of one card, counted and without keys."""

from typing import NamedTuple

from cardimage import lite_s
from cardimage.image import UNSTATED_SYSTEM, Blocks, CardImage, ImageFault

MAX_SYSTEMS = 16
"""A system's number is four bits of the IDm."""
MAX_SERVICES = 4_096
"""A service's number has ten bits, and each number has a handful of kinds of access."""
MAX_BLOCKS = 16_384
"""256 KiB: many times what any FeliCa chip holds."""

SECRET_BLOCKS = frozenset((lite_s.RC, lite_s.MAC, lite_s.CK, lite_s.MAC_A))
"""Blocks of a Lite-S card that hold its key, or the challenge and proofs that were made with it."""
_LITE_SYSTEMS = (lite_s.SYSTEM_CODE, 0x12FC, UNSTATED_SYSTEM)
"""A Lite-S card answers as its own system and as that of NFC Forum tags; and an unstated one may be either."""


class Place(NamedTuple):
    """Somewhere in a file: its name, and a line or a JSON path."""

    source: str
    at: str

    def fault(self, what: str) -> ImageFault:
        """An ImageFault that says where; `what` says what is wrong and what to do."""
        return ImageFault(f"{self.source}: {self.at}: {what}" if self.at else f"{self.source}: {what}")


def is_secret(system: int, number: int) -> bool:
    """Whether a block is one that no image may keep."""
    return system in _LITE_SYSTEMS and number in SECRET_BLOCKS


class Recording:
    """One card as it is read from a file. Each method raises ImageFault at `place` once a bound is passed."""

    def __init__(self) -> None:
        self.systems: dict[int, dict[int, Blocks]] = {}
        self._services = 0
        self._blocks = 0

    def add_system(self, system: int, place: Place) -> None:
        """A system is on the card."""
        if system not in self.systems and len(self.systems) == MAX_SYSTEMS:
            raise place.fault(f"more than {MAX_SYSTEMS} systems; no FeliCa card has so many")
        self.systems.setdefault(system, {})

    def add_service(self, system: int, service: int, place: Place) -> None:
        """A service is on the card, whether or not it was read."""
        self.add_system(system, place)
        services = self.systems[system]
        if service in services:
            return
        self._services += 1
        if self._services > MAX_SERVICES:
            raise place.fault(f"more than {MAX_SERVICES} services; no FeliCa card has so many")
        services[service] = {}

    def add_block(self, system: int, service: int, number: int, data: bytes, place: Place) -> None:
        """A block was read: 16 bytes. A secret one is dropped here, whatever the format."""
        self.add_service(system, service, place)
        blocks = self.systems[system][service]
        if number in blocks:
            raise place.fault(
                f"system {system:04X} service {service:04X} block {number} stands twice; take the dump again"
            )
        self._blocks += 1
        if self._blocks > MAX_BLOCKS:
            raise place.fault(f"more than {MAX_BLOCKS} blocks; no FeliCa card has so many")
        if not is_secret(system, number):
            blocks[number] = data

    def need_a_system(self, end: Place) -> None:
        """For formats of mere lines: a dump that names no system or block at all is none."""
        if not self.systems:
            raise end.fault("no system or block in it; cut short? take the dump again")

    def image(self, idm: bytes, pmm: bytes, *, simulated: bool = False) -> CardImage:
        """The card; IDm and PMm of 8 bytes, or none where they are unknown."""
        return CardImage(idm, pmm, self.systems, simulated)
