"""What the service says of itself: lines for the system's journal, which no fare rests on.

    log = EventLog(event_logger(sys.stderr))
    log.started(...); Recent(log.tap); Logged(console, log); log.ended()

JSON, one object a line; on a screen `event key=value`. Told are changes of the whole: start, trips, alarms and their
end (reader lost and back, journal, clock), refused taps by code. Never a card, a name, a balance or a key: a picture's
taps and questions are not looked at. Why by the standard library: docs/decisions/0008-a-log-of-events.md.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

from farebox.box import Console
from farebox.console.protocol import Alarm, Command, NotACommand, OnTrip, Picture, Watched
from farebox.result import Result
from farebox.version import VERSION

_LEVELS = {logging.INFO: ("info", "<6>"), logging.WARNING: ("warning", "<4>"), logging.ERROR: ("error", "<3>")}
_STOPPING = ("journal",)
"""Alarms with which no fare is taken any more."""
_COUNTS = (
    *("boarded", "alighted", "kept", "topped_up", "cancelled", "confirmed"),
    *("fares_yen", "cash_yen", "topped_up_yen", "cancelled_yen"),
)


class _Lines(logging.Formatter):
    """JSON; led by sd-daemon's priority where journald listens, which takes it off again."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._prefixed = "JOURNAL_STREAM" in environ

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        level, priority = _LEVELS[record.levelno]
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {"at": at, "level": level, "event": record.msg, **record.__dict__["fields"]}
        return (priority if self._prefixed else "") + json.dumps(said, ensure_ascii=False)


class _Words(logging.Formatter):
    """For people at a screen."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said = record.__dict__["fields"].items()
        fields = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in said)
        return f"{datetime.fromtimestamp(record.created):%H:%M:%S} {record.msg} {fields}".rstrip()


def event_logger(stream: TextIO, environ: Mapping[str, str] = os.environ) -> logging.Logger:
    """A logger of its own, that nothing else writes to and that writes nowhere else."""
    logging.raiseExceptions = False  # a log that can't be written is no reason to stop
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Words() if stream.isatty() else _Lines(environ))
    logger = logging.Logger("farebox", logging.INFO)
    logger.addHandler(handler)
    return logger


class EventLog:
    """Sees pictures and taps go by, and tells what changed."""

    def __init__(self, logger: logging.Logger) -> None:
        """Nothing was seen yet."""
        self._logger = logger
        self._alarms: dict[str, Alarm] = {}
        self._trip: OnTrip | None = None
        self._at_begin: Watched | None = None
        self._clock: str | None = None

    def started(self, vehicle: str, settings: str, readers: Sequence[str], *, simulated: bool) -> None:
        """The service begins; `settings` is a digest of them."""
        self._say(
            "started",
            vehicle=vehicle,
            version=VERSION,
            settings=settings,
            readers=[*readers],
            simulated=simulated,
        )

    def ended(self) -> None:
        """It ends."""
        self._say("ended")

    def tap(self, result: Result) -> None:
        """A tap: told of if it was refused."""
        if result.refusal is not None:
            self._say("refused", code=result.refusal.code.value, rule=result.refusal.rule, side=result.side.value)

    def see(self, picture: Picture) -> None:
        """The moment: what is other than before."""
        self._see_trip(picture)
        self._see_alarms({alarm.code: alarm for alarm in picture.alarms})
        clock = picture.watched.clock
        if clock != self._clock:
            self._clock = clock
            self._say("clock", why=clock, trusted=picture.watched.clock_trusted)

    def _see_trip(self, picture: Picture) -> None:
        before, now, seen = self._trip, picture.on_trip, picture.watched
        if (before and before.trip_id) == (now and now.trip_id):
            return
        if before is not None and self._at_begin is not None:
            came = {name: getattr(seen, name) - getattr(self._at_begin, name) for name in _COUNTS}
            self._say("trip-ended", trip=before.trip_id, pending=seen.pending, **came)
        if now is not None:
            self._say("trip-begun", trip=now.trip_id, route=now.route, operator=now.operator)
        self._trip, self._at_begin = now, seen

    def _see_alarms(self, now: dict[str, Alarm]) -> None:
        for code in now.keys() - self._alarms.keys():
            level = logging.ERROR if code in _STOPPING else logging.WARNING
            self._say("alarm", level, code=code, text=now[code].text[1])
        for code in self._alarms.keys() - now.keys():
            self._say("alarm-over", code=code)
        self._alarms = now

    def _say(self, event: str, /, level: int = logging.INFO, **fields: object) -> None:
        self._logger.log(level, event, extra={"fields": fields})


class Logged:
    """A console whose pictures are seen by the log too."""

    def __init__(self, console: Console, log: EventLog) -> None:
        """Take both."""
        self._console, self._log = console, log

    def commands(self) -> Sequence[Command | NotACommand]:
        """The console's."""
        return self._console.commands()

    def publish(self, picture: Picture) -> None:
        """Show it, then tell what changed."""
        self._console.publish(picture)
        self._log.see(picture)
