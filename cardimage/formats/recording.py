"""What every reader of a format fills: the systems, services and blocks of one card, counted and without keys."""

from typing import NamedTuple

from cardimage.image import Blocks, CardImage, ImageFault, is_secret

MAX_SYSTEMS = 16
"""A system's number is four bits of the IDm."""
MAX_SERVICES = 4_096
"""A service's number has ten bits, and each number has a handful of kinds of access."""
MAX_BLOCKS = 16_384
"""256 KiB: many times what any FeliCa chip holds."""


class Place(NamedTuple):
    """Somewhere in a file: its name, and a line or a JSON path."""

    source: str
    at: str

    def fault(self, what: str) -> ImageFault:
        """An ImageFault that says where; `what` says what is wrong and what to do."""
        return ImageFault(f"{self.source}: {self.at}: {what}" if self.at else f"{self.source}: {what}")


class Collection(NamedTuple):
    """What a file holds: its FeliCa cards, and how many cards of other kinds were passed over."""

    cards: tuple[CardImage, ...]
    passed_over: int = 0


def known_idm(idm: bytes) -> bytes:
    """An IDm, or none for one of zeros: programs write those where they have none."""
    return idm if any(idm) else b""


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
        return CardImage(known_idm(idm), pmm, self.systems, simulated)
