"""Which services run on which day (GTFS calendar.txt, calendar_dates.txt)."""

from datetime import date
from typing import NamedTuple

from farebox.feed.gtfs_files import FeedFiles
from farebox.feed.gtfs_values import day, flag

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class _Week(NamedTuple):
    runs: tuple[bool, ...]
    first: date
    last: date


class Calendar:
    """Services by day. Built once, then only asked."""

    __slots__ = ("_exceptions", "_weeks", "first", "last", "services")

    def __init__(self, weeks: dict[str, _Week], exceptions: dict[tuple[str, date], bool]) -> None:
        """Take service_id -> week, and (service_id, day) -> added (True) or removed. One must hold something."""
        self._weeks, self._exceptions = weeks, exceptions
        self.services = frozenset(weeks) | {service for service, _ in exceptions}
        added = [on for (_, on), runs in exceptions.items() if runs]
        self.first = min([week.first for week in weeks.values()] + added)
        self.last = max([week.last for week in weeks.values()] + added)

    def on(self, service_day: date) -> frozenset[str]:
        """The services that run on a day; none for a day the feed doesn't know."""
        weekday = service_day.weekday()
        usual = {
            service
            for service, week in self._weeks.items()
            if week.first <= service_day <= week.last and week.runs[weekday]
        }
        changed = {service: runs for (service, on), runs in self._exceptions.items() if on == service_day}
        removed = {service for service, runs in changed.items() if not runs}
        return frozenset((usual - removed) | (changed.keys() - removed))

    def weekdays(self, service: str) -> str:
        """The weekdays of a service, whatever the edition calls it: `1111100` from Monday on.

        Those of its week; if it has none, those of the days it is added on.
        """
        week = self._weeks.get(service)
        runs = set() if week is None else {place for place, on in enumerate(week.runs) if on}
        if not runs:
            runs = {on.weekday() for (named, on), added in self._exceptions.items() if added and named == service}
        return "".join("1" if place in runs else "0" for place in range(7))


def read_calendar(files: FeedFiles) -> Calendar:
    """Read both tables, of which a feed may lack one; raises FeedBroken."""
    weeks = _weeks(files) if files.has("calendar.txt") else {}
    exceptions = _exceptions(files) if files.has("calendar_dates.txt") else {}
    if not weeks and not any(exceptions.values()):
        raise files.table("calendar.txt", ()).broken(0, "no service runs on any day; add services")
    return Calendar(weeks, exceptions)


def _weeks(files: FeedFiles) -> dict[str, _Week]:
    table = files.table("calendar.txt", ("service_id", *_WEEKDAYS, "start_date", "end_date"))
    weeks: dict[str, _Week] = {}
    for line, (service, *runs, first, last) in table:
        if service in weeks:
            raise table.broken(line, f"{service} is there twice; keep one row of it", "service_id")
        week = _Week(
            tuple(table.parsed(line, name, text, flag) for name, text in zip(_WEEKDAYS, runs, strict=True)),
            table.parsed(line, "start_date", first, day),
            table.parsed(line, "end_date", last, day),
        )
        if week.last < week.first:
            raise table.broken(line, f"{last} is before {first}; swap them", "end_date")
        weeks[service] = week
    return weeks


def _exceptions(files: FeedFiles) -> dict[tuple[str, date], bool]:
    table = files.table("calendar_dates.txt", ("service_id", "date", "exception_type"))
    exceptions: dict[tuple[str, date], bool] = {}
    for line, (service, text, kind) in table:
        if kind not in ("1", "2"):
            raise table.broken(line, f"{kind!r} is neither 1 nor 2; write 1 (added) or 2", "exception_type")
        key = (service, table.parsed(line, "date", text, day))
        if exceptions.setdefault(key, kind == "1") != (kind == "1"):
            raise table.broken(line, f"{service} is both added and removed on {text}; keep one", "date")
    return exceptions
