"""GTFS-JP feeds: timetables and fares in, values of `tariff` out; and the register of small numbers.

load_feed is the door, `sheets` that of fare tables beside a feed, which a bus does without; `faults` draws the tree of
what they raise.
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

__all__ = [
    "LIMITS",
    "AmbiguousRoute",
    "FaresBroken",
    "Feed",
    "FeedBroken",
    "FeedFault",
    "FeedMissing",
    "Limits",
    "NotRegistered",
    "Place",
    "Register",
    "RegisterBroken",
    "RegisterFault",
    "RegisterFull",
    "Route",
    "Trip",
    "UnknownRoute",
    "load_feed",
]
