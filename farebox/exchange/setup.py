"""An exchange as a vehicle's settings name it: its journal, its bundles, the centre and whom to ask for it."""

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from farebox.bundles import BundleStore, signed_by
from farebox.centre_keys import centre_keys
from farebox.clock_sources import by_ntp
from farebox.config import Config, ConfigBroken
from farebox.exchange.answers import Answer
from farebox.exchange.faults import Busy
from farebox.exchange.https import HttpsLine, context_of
from farebox.exchange.line import Line, Request
from farebox.exchange.session import Exchange
from farebox.exchange.told import Told, boot_id, leave
from farebox.formats.centre import Time
from farebox.journal.retention import open_archive
from reader.keys import secrets_from


class Beating:
    """A line that tells after each answer that something moves: one session may take long, one request may not.

    It holds the vehicle's exchange until it is closed.
    """

    def __init__(self, line: Line, beat: Callable[[], None], held: ExitStack) -> None:
        """Wrap a line, and take over what is held."""
        self._line, self._beat, self._held = line, beat, held
        self.valid_at, self.hang_up = line.valid_at, line.hang_up

    def close(self) -> None:
        """Hang up, and let others exchange."""
        self._line.close()
        self._held.close()

    def ask(self, request: Request, most_bytes: int) -> Answer:
        """What the line answers."""
        answer = self._line.ask(request, most_bytes)
        self._beat()
        return answer


def held_alone(folder: Path) -> ExitStack:
    """Keep other exchanges out for one session: `farebox exchange once` beside the service. Raises Busy.

    A folder that can't be had keeps nobody out; who fetches bundles into it will tell.
    """
    held = ExitStack()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        held.callback(os.close, fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            raise Busy(f"{folder}: another exchange is at it just now, and does the same; wait for it") from None
    return held


def exchange_of(
    config: Config,
    *,
    where: str,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda _: None,
    beat: Callable[[], None] = lambda: None,
) -> Exchange:
    """The exchange of a vehicle. Raises ConfigBroken, reader.keys.KeyStoreFault, JournalFault.

    `where` names the settings in messages.
    """
    asked, bundles, centre = config.exchange, config.data.bundles, config.keys.centre
    if asked is None or bundles is None or centre is None:
        raise ConfigBroken(where, ("exchange: missing; this vehicle has no centre to exchange anything with",))
    tokens = secrets_from(asked.token)
    keys = centre_keys(centre)
    context_of(asked.ca, by_clock=True)  # now, so that a wrong file is told at the start
    told, boot = Path(config.clock.told), boot_id()

    def open_line() -> Line:
        context = context_of(asked.ca, by_clock=by_ntp())
        return Beating(HttpsLine(asked.url, context), beat, held_alone(Path(bundles)))

    def hand_on(said: Time, counted_s: float) -> None:
        if boot:
            leave(told, Told(boot, int(counted_s * 1000), said.at_s))

    return Exchange(
        open_line,
        open_archive(Path(config.data.journal)),
        BundleStore(Path(bundles), signed_by(keys)),
        Path(bundles),
        keys,
        tokens[max(tokens)].hex(),
        os.urandom,
        time.monotonic,
        hand_on,
        stopping=stopping,
        progress=progress,
    )
