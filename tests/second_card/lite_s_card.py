"""A second FeliCa Lite-S card, written from public facts alone by someone who had not read `cardimage.felica_card`.

It exists to be disagreed with: the reader is tried on it, and so is the first model. It is one table of blocks and two
tables of refusals; `process` only looks things up in them. Each behaviour names its source:

* nfcpy: `nfc/tag/tt3.py` and `nfc/tag/tt3_sony.py` of nfcpy 1.0.4, which work real cards.
* Flipper: flipperzero-firmware, `lib/nfc/protocols/felica/felica_listener*.c`, an emulation made from Sony's manual.
* issue 3871: flipperzero-firmware's issue of that number, with the raw answers of a real RC-S966.
* PR 4204: flipperzero-firmware's pull request of that number, which cites the manual's polling rules.
* hiro99ma: hiro99ma.blogspot.com, June 2014, who reads Sony's manual aloud against a real card.
* MC page: wiki.onakasuita.org, `FeliCa/ブロック/MC`.
* tomosoft: tomosoft.jp/design/?p=9632, nfcpy's dump of a bought Lite-S.

Where these are silent or at odds, the docstring says "open" and which way this card goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

BLOCK = 16
REG = 0x0E
RC, MAC, ID, D_ID, SER_C, SYS_C, CKV, CK, MC = range(0x80, 0x89)
WCNT, MAC_A, STATE = range(0x90, 0x93)
CRC_CHECK = 0xA0

LITE_S, NDEF = b"\x88\xb4", b"\x12\xfc"
READ_ONLY, READ_WRITE = b"\x0b\x00", b"\x09\x00"

OK = b"\x00\x00"
WORN = b"\xff\x71"
WORN_FROM = 10_000
LAST_COUNT_UNISSUED, LAST_COUNT_ISSUED = 0xFFFFFF, 0xFFFE00


class Silence(Exception):
    """The card does not answer: not its frame, or not a whole one (Flipper: length, IDm and list sizes)."""


class Refusal(Exception):
    """Two status flags instead of an answer."""

    def __init__(self, flag1: int, flag2: int) -> None:
        super().__init__(f"{flag1:02X}{flag2:02X}")
        self.flags = bytes((flag1, flag2))


class Cursor:
    """Bytes taken from the front; running short is silence."""

    def __init__(self, octets: bytes) -> None:
        self.rest = octets

    def take(self, size: int) -> bytes:
        if len(self.rest) < size:
            raise Silence
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def number(self) -> int:
        return self.take(1)[0]


@dataclass(frozen=True)
class Element:
    """One block list element (nfcpy: `BlockCode.pack`): 2 bytes if bit 7 is set, else 3 with a 16-bit LE number."""

    place: int
    number: int
    access: int
    service: int


@dataclass(frozen=True)
class Request:
    services: tuple[bytes, ...]
    elements: tuple[Element, ...]
    data: tuple[bytes, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(element.number for element in self.elements)

    @property
    def with_mac(self) -> bool:
        return self.numbers[1:] == (MAC_A,)


def element_at(cursor: Cursor, place: int) -> Element:
    head = cursor.number()
    number = int.from_bytes(cursor.take(1 if head & 0x80 else 2), "little")
    return Element(place, number, head >> 4 & 7, head & 15)


def request_in(cursor: Cursor, *, writes: bool) -> Request:
    """The body of a read or a write, to its last byte. Bytes left over are open; this card is silent."""
    services = tuple(cursor.take(2) for _ in range(cursor.number()))
    elements = tuple(element_at(cursor, place) for place in range(cursor.number()))
    data = tuple(cursor.take(BLOCK) for _ in elements) if writes else ()
    if cursor.rest:
        raise Silence
    return Request(services, elements, data)


def halves(octets: bytes) -> list[bytes]:
    """Eight bytes at a time, each the other way round: the card counts from the far end (nfcpy: `generate_mac`)."""
    return [octets[start : start + 8][::-1] for start in range(0, len(octets), 8)]


def chain(key: bytes, start: bytes, parts: list[bytes]) -> list[bytes]:
    """Two-key triple DES, the chaining done here: each part is mixed with the last result, then enciphered."""
    encipher = Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor().update
    results, last = [], start
    for part in parts:
        last = encipher(bytes(a ^ b for a, b in zip(part, last, strict=True)))
        results.append(last)
    return results


@dataclass(frozen=True)
class Session:
    """The session key and RC1, as the random challenge left them (nfcpy: `FelicaLite._authenticate`)."""

    first: bytes
    second: bytes
    start: bytes

    @classmethod
    def opened(cls, key_block: bytes, challenge: bytes) -> "Session":
        first, second = chain(b"".join(halves(key_block)), bytes(8), halves(challenge))
        return cls(first, second, halves(challenge)[0])

    def answer_mac(self, message: bytes) -> bytes:
        return chain(self.first + self.second, self.start, halves(message))[-1][::-1]

    def command_mac(self, message: bytes) -> bytes:
        """Halves of the key exchanged (nfcpy: `write_with_mac`)."""
        return chain(self.second + self.first, self.start, halves(message))[-1][::-1]


@dataclass(frozen=True)
class Config:
    """MC as it was when the card was powered (MC page for the bytes)."""

    octets: bytes

    def bit(self, byte: int, number: int) -> bool:
        return bool(int.from_bytes(self.octets[byte : byte + 2], "little") >> number & 1)

    @property
    def system_open(self) -> bool:
        return self.octets[2] == 0xFF

    @property
    def ndef(self) -> bool:
        return self.octets[3] == 1

    @property
    def key_by_mac(self) -> bool:
        return self.octets[5] == 1

    @property
    def state_by_mac(self) -> bool:
        return self.octets[12] == 1

    @property
    def may_tighten(self) -> bool:
        return self.bit(0, 15)


Question = Callable[[Config, int], bool]
Merge = Callable[[Config, bytes, bytes], bytes]


def never(_config: Config, _number: int) -> bool:
    return False


def always(_config: Config, _number: int) -> bool:
    return True


def replaced(_config: Config, _old: bytes, new: bytes) -> bytes:
    return new


def lowered(_config: Config, old: bytes, new: bytes) -> bytes:
    """REG: A and B (four bytes LE each) may only fall; a rise is answered OK and changes nothing (Flipper).

    Open: what a rise of one and a fall of the other does. Flipper lets the fall through, this card keeps all.
    """

    def purse(octets: bytes, at: int) -> int:
        return int.from_bytes(octets[at : at + 4], "little")

    return new if all(purse(new, at) <= purse(old, at) for at in (0, 4)) else old


def id_kept(_config: Config, old: bytes, new: bytes) -> bytes:
    """ID: the first eight bytes are the card's own (Flipper: only bytes 8 to 15 are written; nfcpy: IDD[8], DFC[2])."""
    return old[:8] + new[8:]


def tightened(config: Config, old: bytes, new: bytes) -> bytes:
    """MC: bytes 0 and 1 only clear, 6 to 12 only set, 2 to 5 while the system is open (Flipper; MC page)."""
    result = bytearray(old[:13] + bytes(3))
    if config.may_tighten:
        result[0:2] = bytes(a & b for a, b in zip(old[0:2], new[0:2], strict=True))
        result[6:13] = bytes(a | b for a, b in zip(old[6:13], new[6:13], strict=True))
    if config.system_open:
        result[2:6] = new[2:6]
    return bytes(result)


@dataclass(frozen=True)
class Rule:
    """What one block allows. `counts`: a write of it raises WCNT (hiro99ma quotes the manual's list)."""

    read_only: Question = never
    mac_to_write: Question = never
    auth_to_read: Question = never
    auth_to_write: Question = never
    merge: Merge = replaced
    counts: bool = False
    hidden: bool = False


def user_block(merge: Merge = replaced) -> Rule:
    """S_PAD and REG, one bit of MC each: 0-1 writable, 6-7, 8-9 and 10-11 protected (MC page)."""
    return Rule(
        read_only=lambda config, number: not config.bit(0, number),
        mac_to_write=lambda config, number: config.bit(10, number),
        auth_to_read=lambda config, number: config.bit(6, number),
        auth_to_write=lambda config, number: config.bit(8, number),
        merge=merge,
        counts=True,
    )


def system_block(merge: Merge = replaced) -> Rule:
    """ID and SER_C: written until MC byte 2 closes the system (MC page; nfcpy: `_protect`)."""
    return Rule(read_only=lambda config, _: not config.system_open, merge=merge, counts=True)


def key_block(*, hidden: bool) -> Rule:
    """CK and CKV: as the system blocks, but with MC byte 5 set a write with MAC_A is let through, closed or not.

    So nfcpy's `_protect` ("but allow write with mac to ck and ckv block"); Flipper closes them for good.
    """
    return Rule(
        read_only=lambda config, _: not (config.system_open or config.key_by_mac),
        mac_to_write=lambda config, _: config.key_by_mac,
        counts=True,
        hidden=hidden,
    )


FIXED = Rule(read_only=always)
RULES: dict[int, Rule] = (
    dict.fromkeys(range(REG), user_block())
    | {REG: user_block(lowered), RC: Rule(hidden=True), ID: system_block(id_kept), SER_C: system_block()}
    | {CKV: key_block(hidden=False), CK: key_block(hidden=True), MC: Rule(merge=tightened, counts=True)}
    | {STATE: Rule(mac_to_write=lambda config, _: config.state_by_mac, counts=True), MAC_A: Rule()}
    | dict.fromkeys((MAC, D_ID, SYS_C, WCNT, CRC_CHECK), FIXED)
)

Check = tuple[int, Callable[["LiteSCard", Request, Element], bool]]

ADDRESSING: tuple[Check, ...] = (
    (0xA3, lambda card, request, element: element.service != 0),
    (0xA7, lambda card, request, element: element.access != 0),
    (0xA8, lambda card, request, element: element.number not in RULES),
)
"""Refused before anything else of an element (Flipper: both block list validations)."""

READ_CHECKS: tuple[Check, ...] = (
    *ADDRESSING,
    (0xA8, lambda card, request, element: READ_ONLY not in request.services and card.is_read_only(element.number)),
    (0xB0, lambda card, request, element: element.number == MAC_A and MAC in request.numbers),
    (0xB2, lambda card, request, element: element.number == MAC_A and card.session is None),
    (0xB1, lambda card, request, element: card.asks_auth_to_read(element.number)),
)
"""Flag 2, in order, of a read's refusal. B1h, B2h: nfcpy's `errno_str`, hiro99ma; the rest: Flipper."""

WRITE_CHECKS: tuple[Check, ...] = (
    *ADDRESSING,
    (0xA8, lambda card, request, element: (element.place == 1) != (element.number == MAC_A)),
    (0xA8, lambda card, request, element: card.is_read_only(element.number)),
    (0xA8, lambda card, request, element: card.asks_mac(element.number) and not request.with_mac),
    (0xB1, lambda card, request, element: card.asks_auth_to_write(element.number)),
    (0xB2, lambda card, request, element: element.number == MAC_A and not card.believes(request)),
)
"""The same for a write: so a wrong MAC_A is 02B2h (nfcpy) and comes after a missing authentication (Flipper)."""


@dataclass(frozen=True)
class Command:
    """The two commands with a body: how many blocks, on which services, and what refuses an element (Flipper)."""

    writes: bool
    most_blocks: int
    services: tuple[bytes, ...]
    checks: tuple[Check, ...]


COMMANDS = {
    0x06: Command(False, 4, (READ_ONLY, READ_WRITE), READ_CHECKS),
    0x08: Command(True, 2, (READ_WRITE,), WRITE_CHECKS),
}


def factory_blocks(idm: bytes, pmm: bytes) -> dict[int, bytes]:
    """A card as it leaves the factory: WCNT at FFFE00h (hiro99ma), REG all ones (tomosoft), MC open."""
    return dict.fromkeys(RULES, bytes(BLOCK)) | {
        REG: b"\xff" * BLOCK,
        ID: idm + bytes(8),
        D_ID: idm + pmm,
        SYS_C: LITE_S + bytes(14),
        MC: bytes.fromhex("ffffff000700") + bytes(10),
        WCNT: bytes.fromhex("00feff") + bytes(13),
    }


@dataclass
class LiteSCard:
    """A card in the field. `card_key` is in the order nfcpy's `authenticate` takes it; block CK holds it turned."""

    idm: bytes
    pmm: bytes
    card_key: bytes
    blocks: dict[int, bytes] | None = None
    memory: dict[int, bytes] = field(init=False)
    session: Session | None = field(init=False, default=None)
    config: Config = field(init=False)

    def __post_init__(self) -> None:
        self.memory = factory_blocks(self.idm, self.pmm) | {CK: b"".join(halves(self.card_key))} | (self.blocks or {})
        self.config = Config(self.memory[MC])
        self.power_off()

    def power_off(self) -> None:
        """Out of the field: challenge and authentication are gone, and a changed MC takes effect (Flipper).

        Closing the system is what sets the count to 0, once (hiro99ma; that it is now: Flipper).
        """
        self.session = None
        self.memory[RC] = self.memory[STATE] = bytes(BLOCK)
        before, self.config = self.config, Config(self.memory[MC])
        if before.system_open and not self.config.system_open:
            self.count = 0

    def process(self, frame: bytes) -> bytes | None:
        """One frame with its length byte in, one out; None for silence."""
        try:
            return self._answer(frame)
        except Silence:
            return None

    def _answer(self, frame: bytes) -> bytes:
        cursor = Cursor(frame)
        if cursor.number() != len(frame):
            raise Silence
        code = cursor.number()
        body = self._polled(cursor) if code == 0 else self._commanded(code, cursor)
        return bytes((len(body) + 2, code + 1)) + body

    def _polled(self, cursor: Cursor) -> bytes:
        """Request code 1 asks the system code, 2 the speeds: 0083h (issue 3871; Flipper); others add nothing."""
        system, request_code, _slots = cursor.take(2), cursor.number(), cursor.number()
        if cursor.rest:
            raise Silence
        extra = {1: self._system_polled(system), 2: b"\x00\x83"}
        return self.idm + self.pmm + extra.get(request_code, b"")

    def _system_polled(self, wanted: bytes) -> bytes:
        """FF in either byte matches any (PR 4204), the Lite-S code first (issue 3871: FFFF is answered 88B4)."""
        for system in (LITE_S, NDEF) if self.config.ndef else (LITE_S,):
            if all(want in (0xFF, have) for want, have in zip(wanted, system, strict=True)):
                return system
        raise Silence

    def _commanded(self, code: int, cursor: Cursor) -> bytes:
        if code not in COMMANDS or cursor.take(8) != self.idm:
            raise Silence
        command = COMMANDS[code]
        request = request_in(cursor, writes=command.writes)
        try:
            self._check(command, request)
        except Refusal as refusal:
            return self.idm + refusal.flags
        return self.idm + (self._write(request) if command.writes else OK + self._read(request))

    def _check(self, command: Command, request: Request) -> None:
        """FFA1h, FFA2h and 01A6h for the lists as a whole (Flipper; 01A6h also nfcpy), then element by element."""
        if len(request.services) != 1:
            raise Refusal(0xFF, 0xA1)
        if not 1 <= len(request.elements) <= command.most_blocks:
            raise Refusal(0xFF, 0xA2)
        if request.services[0] not in command.services:
            raise Refusal(0x01, 0xA6)
        for element in request.elements:
            for flag2, refuses in command.checks:
                if refuses(self, request, element):
                    raise Refusal(1 << element.place, flag2)

    def is_read_only(self, number: int) -> bool:
        return RULES[number].read_only(self.config, number)

    def asks_mac(self, number: int) -> bool:
        return RULES[number].mac_to_write(self.config, number)

    def asks_auth_to_read(self, number: int) -> bool:
        return RULES[number].auth_to_read(self.config, number) and not self.authenticated

    def asks_auth_to_write(self, number: int) -> bool:
        return RULES[number].auth_to_write(self.config, number) and not self.authenticated

    @property
    def authenticated(self) -> bool:
        """External authentication is STATE's first byte (nfcpy: `FelicaLiteS.authenticate`)."""
        return self.memory[STATE][0] == 1

    @property
    def count(self) -> int:
        return int.from_bytes(self.memory[WCNT][:3], "little")

    @count.setter
    def count(self, value: int) -> None:
        self.memory[WCNT] = value.to_bytes(3, "little") + bytes(13)

    @property
    def last_count(self) -> int:
        """Where WCNT stops, and writes with MAC_A with it (hiro99ma; Flipper)."""
        return LAST_COUNT_UNISSUED if self.config.system_open else LAST_COUNT_ISSUED

    def believes(self, request: Request) -> bool:
        """The manual's four reasons for 02B2h: no RC, another MAC, another WCNT, too many writes (hiro99ma)."""
        if self.session is None or self.count >= self.last_count:
            return False
        mac, count = request.data[1][:8], request.data[1][8:11]
        prefix = count + bytes((0, request.numbers[0], 0, MAC_A, 0))
        return count == self.memory[WCNT][:3] and mac == self.session.command_mac(prefix + request.data[0])

    def _read(self, request: Request) -> bytes:
        """RC and CK read as zeros (Flipper)."""
        sent: list[bytes] = []
        for number in request.numbers:
            if number in (MAC, MAC_A):
                sent.append(self._mac_over(request.numbers, sent))
            else:
                sent.append(bytes(BLOCK) if RULES[number].hidden else self.memory[number])
        return bytes((len(sent),)) + b"".join(sent)

    def _mac_over(self, numbers: tuple[int, ...], sent: list[bytes]) -> bytes:
        """MAC over the blocks before it (nfcpy: `read_with_mac`); MAC_A over the block numbers first, its own included.

        Only in the last place: elsewhere zeros (Flipper, of MAC_A). Open: MAC without RC, and the tail of either block.
        """
        last = len(numbers) - 1
        if self.session is None or not sent or len(sent) != last:
            return bytes(BLOCK)
        prefix = b"".join(number.to_bytes(2, "little") for number in numbers).ljust(8, b"\xff")
        message = b"".join(sent)
        return self.session.answer_mac(prefix + message if numbers[last] == MAC_A else message) + bytes(8)

    def _write(self, request: Request) -> bytes:
        """The block, then its count. An issued card past 10,000 adds FF71h, a warning: the write was done (Flipper).

        Flipper compares with 1027h, which is 10,000 with its two bytes exchanged.
        """
        number, data = request.numbers[0], request.data[0]
        rule = RULES[number]
        self.memory[number] = rule.merge(self.config, self.memory[number], data)
        if number == RC:
            self.session = Session.opened(self.memory[CK], data)
        worn = rule.counts and not self.config.system_open and self.count > WORN_FROM
        if rule.counts:
            self.count = min(self.count + 1, self.last_count)
        return WORN if worn else OK
