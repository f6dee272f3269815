"""GTFS-JP feeds: timetables and fares in, values of `tariff` out; and the register of small numbers.

load_feed is the door, read_sheets that of fare tables beside a feed; `faults` draws the tree of what it raises.
"""

from farebox.feed.faults import (
    AmbiguousRoute,
    FaresBroken,
    FeedBroken,
    FeedFault,
    FeedMissing,
    NotRegistered,
    RegisterBroken,
    RegisterFault,
    RegisterFull,
    UnknownRoute,
)
from farebox.feed.gtfs import Feed, load_feed
from farebox.feed.gtfs_files import LIMITS, Limits
from farebox.feed.gtfs_network import Place, Route
from farebox.feed.gtfs_trips import Trip
from farebox.feed.register import Register
from farebox.feed.sheets import SHEET_LIMITS, Sheet, SheetLimits, read_sheets
from farebox.feed.triangle import Kind, dump_triangle

__all__ = [
    "LIMITS",
    "SHEET_LIMITS",
    "AmbiguousRoute",
    "FaresBroken",
    "Feed",
    "FeedBroken",
    "FeedFault",
    "FeedMissing",
    "Kind",
    "Limits",
    "NotRegistered",
    "Place",
    "Register",
    "RegisterBroken",
    "RegisterFault",
    "RegisterFull",
    "Route",
    "Sheet",
    "SheetLimits",
    "Trip",
    "UnknownRoute",
    "dump_triangle",
    "load_feed",
    "read_sheets",
]
