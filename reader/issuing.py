"""Issue, wipe and rekey a real Lite-S card over any frame port. It may leave at any moment, and be laid again.

    issue_card(bench, polled, pads, Protection.BENCH) -> Issued | Problem | ReaderFault
    wipe_card(bench, polled)                          -> Wiped | Problem | ReaderFault
    rekey_card(bench, polled)                         -> Rekeyed | Problem | ReaderFault

None of them remembers anything: each begins by reading what the card is, does only what is missing, and reads again.
An answer that is lost is looked into by beginning anew, never by writing again unseen; so is a card that left before.

The key is written before its version (CKV): whatever is cut short between, the card proves the newest key, and a
terminal tries that one first. The memory configuration, which nobody can take back, is written last, and only to a
card that has proven the new key.
"""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

from cardimage import lite_s
from cardimage.layout.blocks import SLOT_BLOCKS
from cardimage.protection import (
    Access,
    Protection,
    access,
    asks_authentication,
    can_restrict,
    has_read_only_pads,
    holds,
    protected,
    system_is_open,
)
from cardimage.resolve import Standing, standing
from reader.felica import MOST_WRITE_COUNT, LiteSSession
from reader.keys import KeyStore
from reader.port import CardLost, Declined, FramePort, Indeterminate, NoCard, Polled, ReaderFault, ReadOutcome, TwoCards

NO_KEY_OF_OURS = 0
"""In place of a version, in CKV too: the key that every card leaves the factory with."""
MOST_LOOKS = 4
"""How often a card that stays is looked at anew after a lost answer."""

_S_PADS = tuple(range(lite_s.S_PADS))
_EMPTY = bytes(16)

_MOST_POLLS = 3
_COMES_BACK_S = 1.0
"""How long a reader may take to find the card again after its field was off: through PC/SC it takes a while."""

Pads = tuple[bytes, ...]
_Done = TypeVar("_Done")


class Step(StrEnum):
    """What is being done to the card, in this order."""

    LOOK = "look"
    CONTENTS = "contents"
    KEY = "key"
    VERSION = "version"
    PROTECTION = "protection"
    CHECK = "check"


class Why(StrEnum):
    """Why a card was not issued, wiped or rekeyed."""

    NOT_LITE_S = "not-lite-s"
    CARD_LEFT = "card-left"
    ANOTHER_CARD = "another-card"
    TWO_CARDS = "two-cards"
    UNKNOWN_KEY = "unknown-key"
    NOT_BLANK = "not-blank"
    NOT_ISSUED = "not-issued"
    KEY_FIXED = "key-fixed"
    UNFIT = "unfit"
    WORN_OUT = "worn-out"
    REFUSED = "refused"
    NOT_KEPT = "not-kept"


class Problem(NamedTuple):
    """A card could not be finished. `again`: lay it again, and it goes on where it stopped."""

    why: Why
    step: Step
    detail: str = ""
    again: bool = False


class Left(StrEnum):
    """What a wipe can't give back."""

    SYSTEM_CLOSED = "system-closed"
    PADS_NEED_MAC = "pads-need-mac"
    PADS_READ_ONLY = "pads-read-only"
    CONFIGURATION_FIXED = "configuration-fixed"
    KEY_KEPT = "key-kept"


class Issued(NamedTuple):
    """The card proved its new key, its contents were read back, and it is protected."""

    idm: bytes
    key_version: int
    mc: bytes


class Wiped(NamedTuple):
    """What could be given back is given back; `left` could not be."""

    idm: bytes
    left: tuple[Left, ...]


class Rekeyed(NamedTuple):
    """The card proved the newest key. `was` is the version it had; the same if there was nothing to do."""

    idm: bytes
    was: int
    key_version: int


class CardState(NamedTuple):
    """A card as it stands, all of it under the card's own proof. Version 0 is the factory's key."""

    key_version: int
    told_version: int
    mc: bytes
    pads: Pads
    write_count: int

    @property
    def is_blank(self) -> bool:
        """No S_PAD holds anything."""
        return not any(map(any, self.pads))


class Bench(NamedTuple):
    """Where cards are issued: an opened port, keys, random bytes for the challenges, and who is told of each step.

    `clock` is the port's: seconds, as `time.monotonic()`.
    """

    port: FramePort
    keys: KeyStore
    random: Callable[[int], bytes]
    tell: Callable[[Step], None] = lambda _step: None
    clock: Callable[[], float] = time.monotonic


def look(bench: Bench, polled: Polled) -> CardState | Problem | ReaderFault:
    """What the card is, nothing written but the challenge."""
    return _insistently(bench, polled, lambda work: work.state)


def issue_card(
    bench: Bench, polled: Polled, pads: Mapping[int, bytes], protection: Protection
) -> Issued | Problem | ReaderFault:
    """Make a blank card, or one whose issue was cut short, a card with these S_PADs and the newest key.

    A card that holds anything else is left as it is: `wipe_card` first.
    """
    wanted = tuple(pads.get(block, _EMPTY) for block in _S_PADS)

    def act(work: "_Work") -> Issued:
        work.refuse_if("S_PADs are read-only (MC bytes 0-1)" if has_read_only_pads(work.state.mc) else "", Why.UNFIT)
        other = [block for block in _S_PADS if not _is_on_its_way(work.state.pads[block], wanted[block])]
        work.refuse_if(f"S_PAD{other[0]}" if other else "", Why.NOT_BLANK)
        aim = protected(work.state.mc, protection)
        work.refuse_if("" if holds(aim, protection) else "its protection is fixed (MC)", Why.UNFIT)
        work.refuse_if("" if _is_usable(aim) else "its key can't be changed any more (MC byte 5)", Why.UNFIT)
        work.write_pads(wanted, tuple(reversed(_S_PADS)))  # what makes it all count, a slot, last
        work.set_key(bench.keys.versions[0])
        work.confirm(wanted, bench.keys.versions[0])
        work.set_protection(aim)
        work.confirm(wanted, bench.keys.versions[0])
        if work.state.mc != aim:
            raise _Stopped(Problem(Why.NOT_KEPT, Step.CHECK, "MC"))
        return Issued(polled.idm, work.state.key_version, work.state.mc)

    return _insistently(bench, polled, act)


def wipe_card(bench: Bench, polled: Polled) -> Wiped | Problem | ReaderFault:
    """Give a card back: S_PADs zero, the factory's key, CKV 0; as far as its protection lets it."""

    def act(work: "_Work") -> Wiped:
        mc = work.state.mc
        fixed = tuple(block for block in _S_PADS if access(mc, block) is Access.NEVER and any(work.state.pads[block]))
        wanted = tuple(work.state.pads[block] if block in fixed else _EMPTY for block in _S_PADS)
        slots = _slots_to_wipe(work.state.pads)  # before all else: from then on it is nobody's card
        work.write_pads(wanted, (*slots, *(block for block in _S_PADS if block not in slots)))
        key_fixed = access(mc, lite_s.CK) is Access.NEVER
        version = work.state.key_version if key_fixed else NO_KEY_OF_OURS
        work.set_key(version)
        work.confirm(wanted, version)
        told = {
            Left.KEY_KEPT: version != NO_KEY_OF_OURS,
            Left.SYSTEM_CLOSED: not system_is_open(mc),
            Left.PADS_NEED_MAC: any(access(mc, block) is Access.WITH_MAC for block in _S_PADS),
            Left.PADS_READ_ONLY: bool(fixed),
            Left.CONFIGURATION_FIXED: not can_restrict(mc),
        }
        return Wiped(polled.idm, tuple(left for left in Left if told[left]))

    return _insistently(bench, polled, act)


def rekey_card(bench: Bench, polled: Polled) -> Rekeyed | Problem | ReaderFault:
    """Give a card that proves any key of ours the newest one. What it holds stays as it is."""
    first_seen: list[int] = []

    def act(work: "_Work") -> Rekeyed:
        state, newest = work.state, bench.keys.versions[0]
        first_seen.append(state.key_version)
        work.refuse_if("it has the factory's key" if state.key_version == NO_KEY_OF_OURS else "", Why.NOT_ISSUED)
        work.set_key(newest)
        work.confirm(state.pads, newest)
        return Rekeyed(polled.idm, first_seen[0], newest)

    return _insistently(bench, polled, act)


def _is_on_its_way(now: bytes, wanted: bytes) -> bool:
    """Whether a block is still empty, already written, or cut off between the two."""
    return all(octet in (0, aim) for octet, aim in zip(now, wanted, strict=True))


def _slots_to_wipe(pads: Pads) -> tuple[int, int]:
    """The slots, first the one without which all stands as before: a wipe cut short brings no older balance back."""
    first, second = SLOT_BLOCKS
    now, without_first = standing(pads[first], pads[second]), standing(_EMPTY, pads[second])
    if not isinstance(without_first, Standing):
        return first, second
    stays = isinstance(now, Standing) and now.block == without_first.block
    return (first, second) if stays else (second, first)


def _is_usable(mc: bytes) -> bool:
    """Whether such a card takes writes with MAC_A, and a change of its key."""
    return access(mc, lite_s.CK) is Access.WITH_MAC


# -- the machinery


class _Stopped(Exception):
    """The way out of a step, whatever its depth; never leaves this module."""

    def __init__(self, outcome: Problem | ReaderFault) -> None:
        super().__init__()
        self.outcome = outcome


class _AnswerLost(Exception):
    """Begin anew by looking; never leaves this module."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step


class _OrFactoryKey:
    """A key store in which the factory's key is the oldest version."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self.versions = (*keys.versions, NO_KEY_OF_OURS)

    def card_key(self, idm: bytes, version: int | None = None) -> bytes:
        return lite_s.FACTORY_KEY if version == NO_KEY_OF_OURS else self._keys.card_key(idm, version)


def _insistently(bench: Bench, polled: Polled, act: "Callable[[_Work], _Done]") -> _Done | Problem | ReaderFault:
    """Look at the card and act, and begin anew after each lost answer while the card is still there."""
    step = Step.LOOK
    bench.tell(step)
    for _ in range(MOST_LOOKS):
        try:
            return act(_Work(bench, polled, step))
        except _AnswerLost as lost:
            step = lost.step
        except _Stopped as stopped:
            return stopped.outcome
    return Problem(Why.CARD_LEFT, step, again=True)


class _Work:
    """One run over one card: what it is, as last read, and one command after the other."""

    def __init__(self, bench: Bench, polled: Polled, stopped_at: Step) -> None:
        """Look at the card; `stopped_at` is the step of an earlier run, for what is said if the card is gone."""
        self._bench = bench
        self._polled = polled
        self._step = stopped_at
        self.refuse_if("" if lite_s.is_lite_s(polled.pmm) else f"IC code {polled.pmm[1]:02X}", Why.NOT_LITE_S)
        self._session, self._mc, self._ckv = self._proven()
        authentication = "S_PADs ask for authentication (MC bytes 6-9)" if asks_authentication(self._mc) else ""
        self.refuse_if(authentication, Why.UNFIT)
        self.state = self._looked_at()

    def refuse_if(self, detail: str, why: Why) -> None:
        """Stop here if there is something to say."""
        if detail:
            raise _Stopped(Problem(why, self._step, detail))

    def write_pads(self, wanted: Pads, order: tuple[int, ...]) -> None:
        """Write the S_PADs that are not as wanted."""
        for block in order:
            if self.state.pads[block] != wanted[block]:
                self._write(Step.CONTENTS, block, wanted[block])

    def set_key(self, version: int) -> None:
        """The key first, proven at once; then its version, for those who only read."""
        idm = self._polled.idm
        if self.state.key_version != version:
            self._write(Step.KEY, lite_s.CK, lite_s.swap_halves(_OrFactoryKey(self._bench.keys).card_key(idm, version)))
            self._session, self._mc, self._ckv = self._challenged()
            if self._session.key_version != version:
                raise _Stopped(Problem(Why.NOT_KEPT, Step.KEY, "CK"))
        if self._ckv != _ckv_of(version) and access(self._mc, lite_s.CKV) is not Access.NEVER:
            self._write(Step.VERSION, lite_s.CKV, _ckv_of(version))

    def set_protection(self, mc: bytes) -> None:
        """The memory configuration, which nobody can take back."""
        if self._mc != mc:
            self._write(Step.PROTECTION, lite_s.MC, mc)

    def confirm(self, pads: Pads, version: int) -> None:
        """Read everything back, from a card without power in between: only then is a change of MC sure to hold."""
        self._tell(Step.CHECK)
        self._session, self._mc, self._ckv = self._proven()
        self.state = self._looked_at()
        wrong = [f"S_PAD{block}" for block in _S_PADS if self.state.pads[block] != pads[block]]
        if self.state.key_version != version:
            wrong.append("CK")
        if self._ckv != _ckv_of(version) and access(self._mc, lite_s.CKV) is not Access.NEVER:
            wrong.append("CKV")
        if wrong:
            raise _Stopped(Problem(Why.NOT_KEPT, Step.CHECK, ", ".join(wrong)))

    # -- one command each, or a few

    def _tell(self, step: Step) -> None:
        if step is not self._step:
            self._bench.tell(step)
        self._step = step

    def _proven(self) -> "_Proven":
        """Field off and on, the same card again, and its proof."""
        fault = self._bench.port.field_off()
        if fault is not None:
            raise _Stopped(fault)
        deadline_s = self._bench.clock() + _COMES_BACK_S
        for _ in range(_MOST_POLLS):
            outcome = self._bench.port.poll((lite_s.SYSTEM_CODE,), deadline_s)
            if not isinstance(outcome, NoCard):
                break
        match outcome:
            case ReaderFault():
                raise _Stopped(outcome)
            case NoCard():
                raise _Stopped(Problem(Why.CARD_LEFT, self._step, again=True))
            case TwoCards():
                raise _Stopped(Problem(Why.TWO_CARDS, self._step, again=True))
            case Polled(idm=idm) if idm != self._polled.idm:
                raise _Stopped(Problem(Why.ANOTHER_CARD, self._step, again=True))
        return self._challenged()

    def _challenged(self) -> "_Proven":
        keys = _OrFactoryKey(self._bench.keys)
        session = LiteSSession(self._bench.port, self._polled.idm, keys, self._bench.random)
        return _Proven(session, *self._good(session.open(lite_s.MC, lite_s.CKV)))

    def _looked_at(self) -> CardState:
        pads: list[bytes] = []
        for start in range(0, lite_s.S_PADS, 3):
            pads += self._good(self._session.read(*_S_PADS[start : start + 3]))
        assert self._session.key_version is not None
        told = int.from_bytes(self._ckv[:2], "little")
        return CardState(self._session.key_version, told, self._mc, tuple(pads), self._session.write_count)

    def _good(self, outcome: ReadOutcome) -> tuple[bytes, ...]:
        match outcome:
            case CardLost():
                raise _AnswerLost(self._step)
            case ReaderFault():
                raise _Stopped(outcome)
            case Declined(wrong_key=True):
                raise _Stopped(Problem(Why.UNKNOWN_KEY, self._step))
            case Declined(status=status):
                raise _Stopped(Problem(Why.REFUSED, self._step, status.hex().upper()))
            case _:
                return outcome

    def _write(self, step: Step, block: int, data: bytes) -> None:
        self._tell(step)
        how = Access.PLAIN if block == lite_s.MC else access(self._mc, block)
        if how is Access.NEVER:
            raise _Stopped(Problem(Why.KEY_FIXED if block in (lite_s.CK, lite_s.CKV) else Why.UNFIT, step))
        last = MOST_WRITE_COUNT if system_is_open(self._mc) else lite_s.LAST_WRITE_COUNT
        if how is Access.WITH_MAC and self._session.write_count >= last:
            raise _Stopped(Problem(Why.WORN_OUT, step))
        act = self._session.write if how is Access.WITH_MAC else self._session.write_plain
        match act(block, data):
            case Declined(status=status):
                raise _Stopped(Problem(Why.REFUSED, step, status.hex().upper()))
            case CardLost() | Indeterminate() | ReaderFault():
                raise _AnswerLost(step)


class _Proven(NamedTuple):
    """A session that a card proved its key in, and two of its blocks."""

    session: LiteSSession
    mc: bytes
    ckv: bytes


def _ckv_of(version: int) -> bytes:
    return version.to_bytes(2, "little") + bytes(14)
