"""What a centre sends, or somebody who says that he is one."""

import tempfile
from pathlib import Path

from farebox.bundles import BundleStore, Rejected
from farebox.formats.bundle import (
    AutoChargeSet,
    BundleError,
    Directive,
    Directives,
    HolderChanged,
    Hotlist,
    cards_of,
    directives_of,
    encode,
    kind_of,
    parse,
)
from farebox.machine import CompiledMachine
from farebox.result import Side
from farebox.terms import Orders
from sim.hardware.memory_disk import MemoryDisk
from tests.bundles.examples import FOR_TWO_CARDS, HOTLIST, IDM, tariff
from tests.bundles.test_bundle_store import LOCOCA
from tests.farebox.bus import DAY, TO_SHIN_SHIRAKAWA, Bus, aizu, lococa
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import AIZU_TRIP, RENEWED
from tests.fuzz.target import Target


def _bundle(data: bytes) -> None:
    """A bundle that is read is written the same again; a store takes it, or says why not."""
    bundle = parse(data)
    if isinstance(bundle, Directives):
        bundle.check()
    assert encode(bundle) == data
    with tempfile.TemporaryDirectory() as folder:
        store = BundleStore(Path(folder), bytes)
        taken = store.take(kind_of(data), data)
        kept = store.load(kind_of(data)).bundle
        assert kept is None and taken.detail if isinstance(taken, Rejected) else kept == bundle


def _directives(data: bytes) -> None:
    """The first byte's card, for which the centre has these entries, unchecked, rides: nobody is stopped by them, and
    the journal's sums agree.
    """
    aizus = bool(data[:1]) and data[0] & 1 == 1
    card = aizu(100, 200, 1_000) if aizus else lococa(600, section=("磐城棚倉", "南湖公園"))
    entries = data[1:]
    table = Directives(1, 0, cards_of([card.idm]), [len(entries)], entries)
    orders = Orders(Hotlist(1, 0, cards_of([]), cards_of([])), table)
    with Bus(Path(), FieldBench(), CompiledMachine, disk=MemoryDisk(), orders=orders) as bus:
        bus.begin(AIZU_TRIP if aizus else TO_SHIN_SHIRAKAWA)
        for side in (Side.BOARDING, Side.ALIGHTING):
            tapped = bus.tap(side, card)
            assert tapped is not None and (tapped.refusal is None or tapped.refusal.rule != "GEN-1")
            assert bus.terminal.service is not None
            bus.terminal.advance(1)
        bus.ledger()


def _entries(*directives: Directive) -> bytes:
    return directives_of(1, 0, {IDM: directives}).entries


_SETTINGS = AutoChargeSet(500, 3_000, 9_000, 9_000)

TARGETS: dict[str, Target] = {
    "bus-bundle": Target(
        _bundle,
        (BundleError,),
        (encode(HOTLIST), encode(FOR_TWO_CARDS), encode(tariff()), encode(tariff(3, LOCOCA))),
    ),
    "bus-directives": Target(
        _directives,
        (),
        (
            b"\0" + _entries(RENEWED, Directive(2, DAY, (HolderChanged(1, DAY),))),
            b"\1" + _entries(Directive(7, DAY, (_SETTINGS, HolderChanged(0, None)))),
        ),
    ),
}
