"""What the centre said last, by the folder where its bundles arrive: taken over between taps, the last good one kept.

    standing = StandingOrders(BundleStore(folder, verify), folder, time.monotonic)
    if standing.look(): terminal.orders = standing.orders

Whoever fetches bundles puts them there whole (farebox.bundles); here they are only read. A bundle that has rotten on
the disk is an alarm, and what was read before it stays in force (faults 28).
"""

from collections.abc import Callable
from pathlib import Path

from farebox.bundles import BundleStore, Rejected, Why, broken_inside, operators_of
from farebox.console.protocol import Alarm
from farebox.feed.operators import Operators
from farebox.formats.bundle import Bundle, Directives, Hotlist, Kind, Tariff
from farebox.terms import Orders
from farebox.words import Both

LOOK_EVERY_S = 2.0
_NAMES: dict[Kind, Both] = {
    Kind.HOTLIST: ("使用停止リスト", "hotlist"),
    Kind.DIRECTIVES: ("翌日反映データ", "directives"),
    Kind.TARIFF: ("運賃データ", "tariff"),
}

_Stamps = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size and time of change of each file: a bundle is never changed in its place."""


class StandingOrders:
    """The bundles of one folder, as they are in force."""

    def __init__(self, store: BundleStore, folder: Path, clock: Callable[[], float]) -> None:
        """Nothing is read before the first `look`. `clock` is one that nobody sets."""
        self.orders = Orders()
        self.operators: Operators | None = None
        """Those of the tariff; None: it never sent one, and those that came with the software hold."""
        self._store, self._folder, self._clock = store, folder, clock
        self._next_s = float("-inf")
        self._stamps: _Stamps | None = None
        self._standing: dict[Kind, Bundle] = {}
        self._rejected: tuple[Rejected, ...] = ()

    def look(self) -> bool:
        """Whether the folder changed, and what is in force was read anew. Looks every few seconds only."""
        now_s = self._clock()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + LOOK_EVERY_S
        stamps = self._stamped()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        self._rejected = tuple(rejected for kind in Kind for rejected in self._read(kind))
        hotlist, directives = self._standing.get(Kind.HOTLIST), self._standing.get(Kind.DIRECTIVES)
        assert isinstance(hotlist, Hotlist | None) and isinstance(directives, Directives | None)
        self.orders = Orders(hotlist, directives)
        return True

    def alarms(self) -> tuple[Alarm, ...]:
        """The bundles that could not be read."""
        return tuple(_alarm(rejected, self._standing.get(rejected.kind)) for rejected in self._rejected)

    def _read(self, kind: Kind) -> tuple[Rejected, ...]:
        """Take one kind over, unless what is in force is newer; what was wrong."""
        loaded = self._store.load(kind)
        found, standing = loaded.bundle, self._standing.get(kind)
        if found is None or (standing is not None and found.version <= standing.version):
            return loaded.rejected
        broken = broken_inside(found)
        if broken is not None:
            return (*loaded.rejected, Rejected(kind, Why.BROKEN, broken))
        self._standing[kind] = found
        if isinstance(found, Tariff):
            self.operators = operators_of(found)
        return loaded.rejected

    def _stamped(self) -> _Stamps:
        """A folder that is not there holds nothing."""
        try:
            states = [(path.name, path.stat()) for path in sorted(self._folder.glob("*.bundle*"))]
        except OSError:
            return ()
        return tuple((name, state.st_ino, state.st_size, state.st_mtime_ns) for name, state in states)


def _alarm(rejected: Rejected, standing: Bundle | None) -> Alarm:
    japanese, english = _NAMES[rejected.kind]
    stays = (
        ("なし", "there is none") if standing is None else (f"第{standing.version}版", f"version {standing.version}")
    )
    return Alarm(
        f"bundle-{rejected.kind}",
        (
            f"{japanese}を読めません（{rejected.why}）。使用中: {stays[0]}",
            f"{english} can't be read ({rejected.why}); in force: {stays[1]}",
        ),
    )
