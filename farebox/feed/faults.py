"""Whose fault it is when a feed or the register can't be used.

FeedFault          the operator's feed, or the question asked of it
  FeedMissing      the path is not there, can't be read, or holds no feed
  FeedBroken       a table says something that is wrong, unsupported or beyond a limit
  FaresBroken      so does a fare table that comes beside the feed
  UnknownRoute     no route of this id or name; near matches are named
    AmbiguousRoute several routes have this name; their ids are named
RegisterFault      the numbers that cards and journals hold
  RegisterFull     no number is left (16 bits on the card)
  RegisterBroken   the register's text can't be trusted
  NotRegistered    a stop, trip or number the register doesn't know
"""

from collections.abc import Iterable

_NEAR_MATCHES = 3
_NEARNESS = 0.4


class FeedFault(Exception):
    """The feed is at fault: not the card, not the passenger, not the program."""


class FeedMissing(FeedFault):
    """There is no feed to read at a path."""

    def __init__(self, path: object, problem: str) -> None:
        """Take the path and what is wrong with it, with what to do."""
        super().__init__(f"feed {path}: {problem}")


class FeedBroken(FeedFault):
    """A table of the feed can't be used. Names feed, file, line and column as far as they are known."""

    def __init__(self, feed: str, file: str, problem: str, line: int = 0, column: str = "") -> None:
        """Take the place, lines counted from 1 (0: the whole file), and what is wrong with what to do."""
        place = "".join((f", line {line}" if line else "", f", column {column}" if column else ""))
        super().__init__(f"{feed}: {file}{place}: {problem}")
        self.feed, self.file, self.line, self.column = feed, file, line, column


class FaresBroken(FeedFault):
    """A triangular fare table can't be used. Names file, sheet and cell (`B3`) as far as they are known."""

    def __init__(self, file: str, problem: str, sheet: str = "", cell: str = "") -> None:
        """Take the place, and what is wrong with what to do."""
        place = "".join((f", sheet {sheet}" if sheet else "", f", cell {cell}" if cell else ""))
        super().__init__(f"{file}{place}: {problem}")
        self.file, self.sheet, self.cell = file, sheet, cell


class UnknownRoute(FeedFault):
    """No route has this id or name."""

    def __init__(self, asked: str, known: Iterable[str]) -> None:
        """Take what was asked for and all that could have been."""
        from difflib import get_close_matches  # noqa: PLC0415 - for a fault alone

        near = get_close_matches(asked, list(known), _NEAR_MATCHES, _NEARNESS)
        hint = f"did you mean {', '.join(near)}?" if near else "nothing is near; see routes.txt"
        super().__init__(f"route {asked}: not in the feed; {hint}")
        self.near = tuple(near)


class AmbiguousRoute(UnknownRoute):
    """Several routes share a name, as branches of one line do in GTFS-JP; only an id tells them apart."""

    def __init__(self, asked: str, route_ids: Iterable[str]) -> None:
        """Take the name and the ids of its routes."""
        ids = tuple(route_ids)
        FeedFault.__init__(self, f"route {asked}: {len(ids)} routes have this name; give an id: {', '.join(ids)}")
        self.near = ids


class RegisterFault(Exception):
    """The register of stop and trip numbers is at fault."""


class RegisterFull(RegisterFault):
    """No number is left for one of the two kinds, `stop` or `trip`."""

    def __init__(self, kind: str, limit: int, name: str) -> None:
        """Take the kind, how many numbers it has, and the first name that got none."""
        super().__init__(f"register: no {kind} number left for {name}; all {limit} are taken and none is reused")
        self.kind = kind


class RegisterBroken(RegisterFault):
    """The register's text is not as `dumps` wrote it."""

    def __init__(self, line: int, problem: str) -> None:
        """Take the line, counted from 1, and what is wrong."""
        super().__init__(f"register, line {line}: {problem}; restore the last good copy, never edit numbers")
        self.line = line


class NotRegistered(RegisterFault):
    """A stop name, a trip id or a number that the register doesn't hold."""

    def __init__(self, kind: str, key: str | int) -> None:
        """Take the kind, `stop` or `trip`, and the name or number asked for."""
        super().__init__(f"register: no {kind} {key}; extend the register with the feed that has it")
        self.kind, self.key = kind, key
