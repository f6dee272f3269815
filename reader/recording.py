"""Records a present card: every block that anyone may read, system by system, into a card image.

    recorded = record(port, Progress)      -> CardImage | NoCard | TwoCards | CardLost | ReaderFault

Nothing is written to the card, and no key is used: what asks for a key stays out, and is listed as such.
"""

from collections.abc import Callable, Iterator

from cardimage import lite_s
from cardimage.image import Blocks, CardImage, is_secret
from cardimage.standard_card import is_readable
from reader.port import CardLost, FramePort, NoCard, Polled, ReaderFault, TwoCards

ANY_SYSTEM = 0xFFFF
_READ, _SEARCH_SERVICE_CODE, _REQUEST_SYSTEM_CODE = 0x06, 0x0A, 0x0C
_TIMEOUT_S = 0.1
_ATTEMPTS = 3
"""A read can be repeated without harm; a card held by hand slips now and then."""
_MOST_SERVICES = 1_024
_MOST_BLOCKS = 512
"""Bounds on what a card may claim to have: no real one comes near."""
_BLOCKS_AT_ONCE = (12, 4, 1)
"""Twelve is what transit cards answer, four what a Lite-S does; one, what is left to try."""

_LITE_S_BLOCKS = (
    *range(lite_s.S_PADS),
    *(lite_s.REG, lite_s.ID, lite_s.D_ID, lite_s.SER_C, lite_s.SYS_C, lite_s.CKV, lite_s.MC, lite_s.WCNT),
    lite_s.STATE,
)
"""All but RC, CK, MAC and MAC_A, which hold nothing of the card's or can't be read."""

NotRecorded = NoCard | TwoCards | CardLost | ReaderFault


class _Lost(Exception):
    def __init__(self, outcome: TwoCards | CardLost | ReaderFault) -> None:
        super().__init__()
        self.outcome = outcome


def record(port: FramePort, deadline_s: float, progress: Callable[[str], None]) -> CardImage | NotRecorded:
    """The card in the field, or what came in between. `deadline_s`: how long to wait for one to be laid.

    `progress` is told each service by name as its reading begins.
    """
    polled = port.poll((ANY_SYSTEM,), deadline_s)
    if not isinstance(polled, Polled):
        return polled
    try:
        systems = {code: _services(port, idm, code, progress) for code, idm in _systems(port, polled)}
    except _Lost as lost:
        return lost.outcome
    return CardImage(polled.idm, polled.pmm, systems, simulated=False)


def _systems(port: FramePort, polled: Polled) -> Iterator[tuple[int, bytes]]:
    """Each system of the card, and the IDm it answers with there. A Lite-S card knows no Request System Code."""
    answer = _exchange(port, polled.idm, _REQUEST_SYSTEM_CODE, b"")
    codes = [lite_s.SYSTEM_CODE]
    if answer and len(answer) == 1 + 2 * answer[0]:
        codes = [int.from_bytes(answer[at : at + 2], "big") for at in range(1, len(answer), 2)]
    for code in dict.fromkeys(codes):
        yield code, _found_again(port, polled.idm, code)


def _found_again(port: FramePort, idm: bytes, system: int) -> bytes:
    """The IDm that the same card answers a poll with; its upper four bits number the systems of one card."""
    outcome = port.poll((system,))
    if isinstance(outcome, Polled) and outcome.idm[1:] == idm[1:]:
        return outcome.idm
    raise _Lost(CardLost() if isinstance(outcome, (Polled, NoCard)) else outcome)


def _services(port: FramePort, idm: bytes, system: int, progress: Callable[[str], None]) -> dict[int, Blocks]:
    if system == lite_s.SYSTEM_CODE:
        progress("FeliCa Lite-S")
        return {lite_s.READ_WRITE_SERVICE: _lite_s_blocks(port, idm)}
    services: dict[int, Blocks] = {}
    for service in _listed(port, idm):
        if is_readable(service):
            progress(f"{system:04X} {service:04X}")
        read = _blocks(port, idm, service) if is_readable(service) else {}
        services[service] = {number: block for number, block in read.items() if not is_secret(system, number)}
    return services


def _listed(port: FramePort, idm: bytes) -> Iterator[int]:
    """Every service of the selected system; areas, which have four bytes, are passed over.

    A card that knows no such command has none; one that falls silent after it listed some is lost.
    """
    for place in range(_MOST_SERVICES):
        answer = _exchange(port, idm, _SEARCH_SERVICE_CODE, place.to_bytes(2, "little"))
        if answer == b"\xff\xff" or (answer is None and place == 0):
            return
        if answer is None or len(answer) not in (2, 4):
            raise _Lost(CardLost())
        if len(answer) == 2:
            yield int.from_bytes(answer, "little")


def _blocks(port: FramePort, idm: bytes, service: int) -> Blocks:
    """All blocks of a service, from 0 until the card says that there is no more."""
    blocks: Blocks = {}
    for at_once in _BLOCKS_AT_ONCE:
        while len(blocks) < _MOST_BLOCKS:
            start = len(blocks)
            read = _read(port, idm, service, tuple(range(start, start + at_once)))
            if read is None:
                break
            blocks.update(enumerate(read, start))
    return blocks


def _lite_s_blocks(port: FramePort, idm: bytes) -> Blocks:
    """Each readable block; four at a time, then one by one where some of the four ask for authentication."""
    blocks: Blocks = {}
    for start in range(0, len(_LITE_S_BLOCKS), 4):
        wanted = _LITE_S_BLOCKS[start : start + 4]
        together = _read(port, idm, lite_s.READ_ONLY_SERVICE, wanted)
        for number, block in enumerate(wanted):
            alone = (together[number],) if together else _read(port, idm, lite_s.READ_ONLY_SERVICE, (block,))
            if alone:
                blocks[block] = alone[0]
    return blocks


def _read(port: FramePort, idm: bytes, service: int, blocks: tuple[int, ...]) -> tuple[bytes, ...] | None:
    """Read Without Encryption; None if the card says no."""
    elements = b"".join(
        bytes((0x80, block)) if block < 0x100 else b"\x00" + block.to_bytes(2, "little") for block in blocks
    )
    body = b"\x01" + service.to_bytes(2, "little") + bytes((len(blocks),)) + elements
    answer = _exchange(port, idm, _READ, body)
    if answer is None or answer[:2] != b"\x00\x00":
        return None
    data = answer[3:]
    if len(answer) != 3 + 16 * len(blocks) or answer[2] != len(blocks):
        raise _Lost(CardLost())
    return tuple(data[at : at + 16] for at in range(0, len(data), 16))


def _exchange(port: FramePort, idm: bytes, code: int, body: bytes) -> bytes | None:
    """A command that changes nothing, attempted a few times: what follows the IDm in its answer.

    None if the card is there and doesn't know the command, as a Lite-S card with all but reads.
    """
    frame = bytes((len(body) + 10, code)) + idm + body
    for _ in range(_ATTEMPTS):
        answer = port.transceive(frame, _TIMEOUT_S)
        if isinstance(answer, ReaderFault):
            raise _Lost(answer)
        whole = isinstance(answer, bytes) and len(answer) >= 10 and answer[0] == len(answer)
        if isinstance(answer, bytes) and whole and answer[1:10] == bytes((code + 1,)) + idm:
            return answer[10:]
    if code == _READ:
        raise _Lost(CardLost())
    _found_again(port, idm, ANY_SYSTEM)
    return None
