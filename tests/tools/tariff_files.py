"""Operator files and feeds with something changed, as folders for the tariff commands."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.feeds import feed_path

SHIPPED = Path(__file__).parents[2] / "tariff" / "operators"


def operators(folder: Path, **changes: Mapping[str, str]) -> Path:
    """The shipped operator files, some text of some scheme's (`lococa={old: new}`) replaced; it must be there."""
    copy = folder / "operators"
    shutil.copytree(SHIPPED, copy)
    for scheme, replaced in changes.items():
        (file,) = (copy / scheme.replace("_", "-")).glob("*.toml")
        text = file.read_text("utf-8")
        for old, new in replaced.items():
            assert old in text, f"{file} has no {old!r}"
            text = text.replace(old, new, 1)
        file.write_text(text, "utf-8")
    return copy


def feed(folder: Path, table: str, old: str, new: str) -> Path:
    """The sample feed with some text of one table replaced; it must be there."""
    copy = folder / "feed"
    shutil.copytree(feed_path("sample"), copy)
    text = (copy / table).read_text("utf-8-sig")
    assert old in text, f"{table} has no {old!r}"
    (copy / table).write_text(text.replace(old, new), "utf-8")
    return copy


BRANCH = {
    "agency.txt": "agency_id,agency_name,agency_timezone\n1,{agency},Asia/Tokyo\n",
    "routes.txt": "route_id,agency_id,route_long_name,route_type\nROUTE,1,{route},3\n",
    "stops.txt": "stop_id,stop_name,zone_id\na,甲,a\nb,乙,b\nc,丙,c\nd,丙,d\n",
    "trips.txt": "route_id,service_id,trip_id\nROUTE,S,VIA\nROUTE,S,DIRECT\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "S,1,1,1,1,1,1,1,20260101,20261231\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "VIA,08:00:00,08:00:00,a,1\nVIA,08:10:00,08:10:00,b,2\nVIA,08:20:00,08:20:00,c,3\n"
    "DIRECT,09:00:00,09:00:00,a,1\nDIRECT,09:20:00,09:20:00,d,2\n",
    "fare_attributes.txt": "fare_id,price,currency_type,payment_method,transfers\n"
    "F100,100,JPY,0,0\nF200,200,JPY,0,0\nF250,250,JPY,0,0\n",
    "fare_rules.txt": "fare_id,route_id,origin_id,destination_id\n"
    "F100,ROUTE,a,b\nF100,ROUTE,b,c\nF200,ROUTE,a,c\nF250,ROUTE,a,d\n",
}


def branch(folder: Path, agency: str = "あるバス", route: str = "線") -> Path:
    """A route of two trips: 甲 - 乙 - 丙 at 8:00 for 200 yen, and 甲 - 丙 at 9:00 for 250, to another pole of 丙."""
    made = folder / "branch"
    made.mkdir()
    for name, text in BRANCH.items():
        (made / name).write_text(text.format(agency=agency, route=route), "utf-8")
    return made
