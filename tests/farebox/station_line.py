"""A railway of three stations for tests, its fares invented (模擬): no feed of a line that takes NORUCA is at hand."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from farebox.duty import Duty
from farebox.feed.operators import load_operators
from tests.feed.small_feed import TABLES, load

STATIONS = ("福島", "美術館図書館前", "飯坂温泉")
LINE = "飯坂線"
FARES_YEN = {1: 150, 2: 370}
"""By how many stations the ride is long."""


def line_feed(
    folder: Path, directions: Sequence[Sequence[str]] = (STATIONS, STATIONS[::-1]), first_hour: int = 8
) -> Duty:
    """The line's duty, both ways: a train there at that hour, and one back at the next."""
    stops = "".join(f"{name},{name},{name}\n" for name in STATIONS)
    calls = "".join(
        f"T{way},{first_hour + way}:{minutes:02}:00,{first_hour + way}:{minutes:02}:00,{name},{minutes + 1}\n"
        for way, names in enumerate(directions)
        for minutes, name in enumerate(names)
    )
    rules = "".join(
        f"F{abs(STATIONS.index(one) - STATIONS.index(other))},R1,{one},{other}\n"
        for one, other in permutations(STATIONS, 2)
    )
    feed = load(
        folder,
        agency="agency_id,agency_name,agency_timezone\nA,福島交通,Asia/Tokyo\n",
        routes=f"route_id,agency_id,route_short_name,route_long_name\nR1,A,,{LINE}\n",
        stops=f"stop_id,stop_name,zone_id\n{stops}",
        trips="route_id,service_id,trip_id\n" + "".join(f"R1,毎日,T{way}\n" for way in range(len(directions))),
        stop_times=f"trip_id,arrival_time,departure_time,stop_id,stop_sequence\n{calls}",
        calendar=TABLES["calendar.txt"].replace("20260401,20260430", "20260101,20261231"),
        fare_attributes="fare_id,price,currency_type\n" + "".join(f"F{n},{yen},JPY\n" for n, yen in FARES_YEN.items()),
        fare_rules=f"fare_id,route_id,origin_id,destination_id\n{rules}",
    )
    return Duty(feed, load_operators())
