"""A centre's whole world for one story, in real processes: gunicorn on a file of SQLite, `farebox centre work`, the
payment sandbox with its own database; and one bus, whose clock is theirs. All of it simulated (模擬).
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path

from cardimage.image import CardImage, dump, load
from farebox.config import load as load_settings
from farebox.result import Result, Side
from tariff.calendar import midnight_in_japan_s
from tariff.riders import Party
from tests.centre.test_demo import free_ports
from tools.centre_demo.box import DemoBox
from tools.centre_demo.places import Demo
from tools.centre_demo.running import prepare, running

BUS = "DEMO-2"
_MORNING_S = 10 * 3_600
_MOST_S = 60


class World:
    """A demo without its own buses, and a clock that the story moves."""

    def __init__(self, folder: Path) -> None:
        """Nothing is begun yet."""
        port = free_ports()
        self.demo = Demo(folder, port, port + 1, port + 2)

    # -- time

    def go_to(self, day: date) -> None:
        """It is ten in the morning of that day, for centre, sandbox and bus."""
        self.demo.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.demo.move_clock(midnight_in_japan_s(day) + _MORNING_S - int(time.time()))

    def now_s(self) -> int:
        return int(time.time()) + self.demo.ahead_s()

    # -- the bus

    @property
    def journal(self) -> Path:
        return self.demo.bus(BUS) / "journal"

    def exchange(self) -> dict[str, object]:
        """What `farebox exchange once` says: journals to the centre over TLS, its bundles back."""
        settings = str(self.demo.bus(BUS) / "farebox.toml")
        done = subprocess.run(
            [sys.executable, "-m", "tools.entry", "exchange", "once", "--json", "--config", settings],
            env=self.demo.environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_MOST_S,
        )
        assert done.returncode == 0, done.stderr
        said: dict[str, object] = json.loads(done.stdout)
        return said

    def ride(self, card: Path, trip_id: str, day: date, party: Party) -> tuple[Result, Result]:
        """The card boards at the first stop and alights at the last, its party with it; then the duty ends."""
        image = load(card.read_bytes(), card.name)
        with ExitStack() as parts:
            box = DemoBox(load_settings(self.demo.bus(BUS) / "farebox.toml"), self.now_s, parts)
            box.look()
            last = box.begin(box.feed.trips[trip_id], day)
            boarded = box.tap(image, Side.BOARDING, 0)
            box.terminal.advance(last)
            box.terminal.expect_party(party)
            alighted = box.tap(image, Side.ALIGHTING, 0)
            box.end()
        self._keep(card, image)
        assert boarded is not None and alighted is not None
        return boarded, alighted

    def _keep(self, card: Path, image: CardImage) -> None:
        card.write_bytes(dump(image))

    def before_its_acknowledgement(self) -> Callable[[], None]:
        """Keeps the bus's disk as it is now; called, the disk is so again, as if no answer had ever come."""
        kept = self.journal.with_name("journal.before")
        shutil.copytree(self.journal, kept)

        def back() -> None:
            shutil.rmtree(self.journal)
            kept.rename(self.journal)

        return back

    # -- what stands in databases, read past the processes that keep them

    def centre(self, question: str, *values: object) -> list[tuple[object, ...]]:
        return _asked(self.demo.folder / "centre" / "centre.sqlite3", question, values)

    def sandbox(self, question: str, *values: object) -> list[tuple[object, ...]]:
        return _asked(self.demo.folder / "payments.sqlite3", question, values)

    def until(self, holds: Callable[[], bool]) -> None:
        """Look until it is so; an assertion if it never is."""
        end_s = time.monotonic() + _MOST_S
        while not holds():
            assert time.monotonic() < end_s
            time.sleep(0.1)

    def until_worked(self, rounds: int) -> None:
        """`farebox centre work` has gone round as often as that, from now on."""
        for _ in range(rounds + 1):  # the one that is under way has perhaps gone past already
            last = self._worked_at_s()
            self.until(lambda last=last: self._worked_at_s() > last)  # type: ignore[misc]

    def _worked_at_s(self) -> int:
        ((at_s,),) = self.centre("select min(done_at_s) from running_beat")
        assert isinstance(at_s, int)
        return at_s


def _asked(database: Path, question: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as opened:
        return opened.execute(question, values).fetchall()


@contextmanager
def world(folder: Path, day: date) -> Iterator[World]:
    """It begins on a day; all of it ends with the block, and no process may have met a fault."""
    begun = World(folder)
    begun.go_to(day)
    prepare(begun.demo)
    with running(begun.demo, buses=()):
        yield begun
    for log in (folder / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text("utf-8"), f"{log.name}: {log.read_text('utf-8')}"
