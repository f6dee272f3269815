"""A feed of one trip over three stops, to be altered table by table."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from farebox.feed import Feed, FeedBroken, Limits, load_feed

TABLES: Mapping[str, str] = {
    "agency.txt": "agency_id,agency_name,agency_timezone\nA,山バス,Asia/Tokyo\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name\nR1,A,1,山線\n",
    "stops.txt": "stop_id,stop_name,zone_id\na,朝日町,Za\nb,分校前,Zb\nc,中央駅,Zc\n",
    "trips.txt": "route_id,service_id,trip_id\nR1,毎日,T1\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "T1,8:00:00,8:00:00,a,1\nT1,8:10:00,8:11:00,b,2\nT1,8:20:00,8:20:00,c,3\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "毎日,1,1,1,1,1,1,1,20260401,20260430\n"
    ),
    "fare_attributes.txt": "fare_id,price,currency_type\nF150,150,JPY\nF200,200,JPY\n",
    "fare_rules.txt": ("fare_id,route_id,origin_id,destination_id\nF150,R1,Za,Zb\nF150,R1,Zb,Zc\nF200,R1,Za,Zc\n"),
}
CALLS = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
RULES = "fare_id,route_id,origin_id,destination_id\n"
FARES = "fare_id,price,currency_type\n"

Tables = Mapping[str, str | bytes | None]
"""Table name without `.txt` -> text, bytes, or None to leave it out."""


def tables(changes: Tables) -> dict[str, bytes]:
    """The small feed's files with some tables changed."""
    merged: dict[str, str | bytes | None] = {**TABLES, **{f"{name}.txt": text for name, text in changes.items()}}
    return {name: text.encode() if isinstance(text, str) else text for name, text in merged.items() if text is not None}


def write(folder: Path, **changes: str | bytes | None) -> Path:
    """Write the small feed, changed, as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables(changes).items():
        (folder / name).write_bytes(content)
    return folder


def load(folder: Path, **changes: str | bytes | None) -> Feed:
    """Write the small feed, changed, and load it."""
    return load_feed(write(folder / "small", **changes))


def zipped(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Put files into a zip under the names given."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def broken(path: Path, limits: Limits | None = None) -> FeedBroken:
    """Load a feed that must be refused, and give the fault; its message is one line and names the feed."""
    with pytest.raises(FeedBroken) as caught:
        load_feed(path, limits=limits or Limits())
    assert str(caught.value).startswith(f"{path.name}: {caught.value.file}")
    assert "\n" not in str(caught.value)
    return caught.value
