"""An exchange as a vehicle's settings name it: its journal, its bundles, the centre and whom to ask for it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from farebox.bundles import BundleStore, signed_by
from farebox.centre_keys import centre_keys
from farebox.clock_sources import by_ntp
from farebox.config import Config, ConfigBroken
from farebox.exchange.answers import Answer
from farebox.exchange.https import HttpsLine, context_of
from farebox.exchange.line import Line, Request
from farebox.exchange.session import Exchange
from farebox.exchange.told import Told, boot_id, leave
from farebox.formats.centre import Time
from farebox.journal.retention import open_archive
from reader.keys import secrets_from


class Beating:
    """A line that tells after each answer that something moves: one session may take long, one request may not."""

    def __init__(self, line: Line, beat: Callable[[], None]) -> None:
        """Wrap a line."""
        self._line, self._beat = line, beat
        self.valid_at, self.hang_up, self.close = line.valid_at, line.hang_up, line.close

    def ask(self, request: Request, most_bytes: int) -> Answer:
        """What the line answers."""
        answer = self._line.ask(request, most_bytes)
        self._beat()
        return answer


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
        return Beating(HttpsLine(asked.url, context_of(asked.ca, by_clock=by_ntp())), beat)

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
