"""Hostile input (faults 30): each is refused by name, within limits, and nothing reaches the disk."""

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import LIMITS, FeedFault, RegisterFault, load_feed
from tests.feed.small_feed import CALLS, TABLES, broken, tables, write, zipped


def test_faults_30_an_entry_without_a_name_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", tables({}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"x")
    assert "an entry has no name" in str(broken(path))


@pytest.mark.parametrize(
    "name", ["../stops.txt", "a/../../b.txt", "/etc/stops.txt", "..\\stops.txt", "C:/stops.txt", "x/../y.txt"]
)
def test_faults_30_an_entry_that_leads_out_condemns_the_archive(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    fault = broken(zipped(inside / "feed.zip", {**tables({}), name: b"stop_id,stop_name\n"}))
    assert "leads out of the feed" in str(fault)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["feed.zip", "inside"]


def test_faults_30_tables_in_several_folders_are_refused(tmp_path: Path) -> None:
    assert "several folders" in str(broken(zipped(tmp_path / "feed.zip", {**tables({}), "old/stops.txt": b"x"})))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_faults_30_a_table_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", tables({}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("stops.txt", "stop_id,stop_name\n")
    assert "there twice" in str(broken(path))


def test_faults_30_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    bomb = TABLES["stops.txt"].encode() + b"\n" * 1_000_000
    path = zipped(tmp_path / "feed.zip", tables({"stops": bomb}))
    fault = broken(path)
    assert (fault.file, "100 times" in str(fault)) == ("stops.txt", True)
    assert "6 times" in str(
        broken(zipped(tmp_path / "b.zip", tables({"stops": b"\n" * 9999})), LIMITS._replace(zip_ratio=6))
    )


def test_faults_30_a_bomb_stored_plainly_is_refused_by_its_size(tmp_path: Path) -> None:
    stops = TABLES["stops.txt"] + "\n" * 5000
    small = LIMITS._replace(feed_bytes=4000)
    for path in (
        zipped(tmp_path / "feed.zip", tables({"stops": stops}), zipfile.ZIP_STORED),
        write(tmp_path / "feed", stops=stops),
    ):
        fault = broken(path, small)
        assert (fault.file, "over 4000 bytes" in str(fault)) == ("stops.txt", True)


def test_faults_30_the_size_limit_is_for_all_tables_together(tmp_path: Path) -> None:
    path = write(tmp_path / "feed")
    total = sum(len(content) for content in tables({}).values())
    load_feed(path, limits=LIMITS._replace(feed_bytes=total))
    assert f"over {total - 1} bytes" in str(broken(path, LIMITS._replace(feed_bytes=total - 1)))


def test_faults_30_an_archive_has_limits_of_its_own(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", tables({}))
    assert "more than 3 entries" in str(broken(path, LIMITS._replace(archive_files=3)))
    assert "larger than 99 bytes" in str(broken(path, LIMITS._replace(archive_bytes=99)))


def test_faults_30_too_many_rows_are_refused(tmp_path: Path) -> None:
    fault = broken(write(tmp_path / "feed"), LIMITS._replace(table_rows=2))
    assert (fault.file, fault.line, "more than 2 rows" in str(fault)) == ("stops.txt", 4, True)


def test_faults_30_a_huge_row_is_refused_at_its_first_line(tmp_path: Path) -> None:
    rows = "a,朝日町\nb," + "x" * 70_000 + "\n"
    fault = broken(write(tmp_path / "feed", stops="stop_id,stop_name\n" + rows))
    assert (fault.line, "longer than 65536 bytes" in str(fault)) == (3, True)


def test_faults_30_an_unclosed_quote_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = 'a,"朝日町\n' + "b,分校前\n" * 20_000
    fault = broken(write(tmp_path / "feed", stops="stop_id,stop_name\n" + rows))
    assert (fault.line, "unclosed quote" in str(fault)) == (2, True)


def test_faults_30_a_huge_field_is_refused_even_in_a_column_that_nobody_reads(tmp_path: Path) -> None:
    text = "stop_id,stop_name,stop_desc\na,朝日町," + "x" * 5000 + "\n"
    fault = broken(write(tmp_path / "feed", stops=text))
    assert (fault.line, fault.column, "4096 characters" in str(fault)) == (2, "stop_desc", True)


def test_faults_30_a_long_column_name_is_not_repeated(tmp_path: Path) -> None:
    fault = broken(write(tmp_path / "feed", stops="stop_id,stop_name," + "x" * 200 + "\n"))
    assert "overlong" in str(fault)
    assert len(str(fault)) < 120


HEAD = b"stop_id,stop_name\na,"
UTF_8, CP932 = "朝日町\n".encode(), "朝日町\n".encode("cp932")


@pytest.mark.parametrize(
    ("content", "line", "at", "problem"),
    [
        (b"\xef\xbb\xbf" + HEAD + CP932, 2, 23, "is not UTF-8, and its byte-order mark says so"),
        (HEAD + UTF_8 + b"b,x\nc," + CP932, 4, 36, "is not UTF-8, and lines before are"),
        (HEAD + CP932 + b"b,x\nc," + UTF_8, 4, 33, "is UTF-8, but lines before are CP932"),
        (HEAD + CP932 + b"b,\x81\x01\n", 3, 29, "is neither CP932, as lines before are, nor UTF-8"),
        (HEAD + b"\x81\x01\n", 2, 20, "is neither UTF-8 nor CP932 (both tried)"),
    ],
)
def test_faults_30_a_table_of_no_encoding_or_of_two_is_refused_by_byte_offset(
    tmp_path: Path, content: bytes, line: int, at: int, problem: str
) -> None:
    fault = broken(write(tmp_path / "feed", stops=content))
    assert fault.line == line
    assert f": byte {at} of the file {problem}; save " in str(fault)


def test_faults_30_a_byte_order_mark_is_one_at_the_start_only(tmp_path: Path) -> None:
    fault = broken(write(tmp_path / "feed", stops=HEAD + UTF_8 + b"\xef\xbb\xbfb,x\n"))
    assert (fault.line, fault.column, "invisible" in str(fault)) == (3, "stop_id", True)


def test_faults_30_each_table_has_an_encoding_of_its_own(tmp_path: Path) -> None:
    encodings = {"stops": "cp932", "routes": "utf-8-sig", "trips": "cp932", "calendar": "utf-8"}
    mixed = {name: TABLES[f"{name}.txt"].encode(encoding) for name, encoding in encodings.items()}
    feed = load_feed(write(tmp_path / "feed", **mixed))
    assert feed.patterns["R1#1"].stop_names == ("朝日町", "分校前", "中央駅")
    assert (feed.routes["R1"].name, feed.trips["T1"].service_id) == ("1 山線", "毎日")


def test_faults_30_a_table_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    path = write(tmp_path / "feed", stops=None)
    secret = tmp_path / "secret"
    secret.write_text("stop_id,stop_name\nkey,hunter2\n", encoding="utf-8")
    (path / "stops.txt").symlink_to(secret)
    fault = broken(path)
    assert (fault.file, "not a plain file" in str(fault)) == ("stops.txt", True)
    assert "hunter2" not in str(fault)


def test_faults_30_a_pipe_does_not_block(tmp_path: Path) -> None:
    path = write(tmp_path / "feed", stops=None)
    os.mkfifo(path / "stops.txt")
    assert "not a plain file" in str(broken(path))


def test_faults_30_odd_compression_is_refused(tmp_path: Path) -> None:
    assert "zip it plainly" in str(broken(zipped(tmp_path / "feed.zip", tables({}), zipfile.ZIP_LZMA)))


def test_faults_30_a_flipped_bit_in_the_archive_is_seen(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", tables({}), zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"a,1\nT1", b"b,1\nT1", 1))
    fault = broken(path)
    assert (fault.file, "damaged in the zip" in str(fault)) == ("stop_times.txt", True)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(tmp_path_factory.mktemp("fuzz") / "feed.zip", tables({}))


@given(st.data())
def test_faults_30_a_damaged_archive_is_a_fault_of_the_feed_never_a_crash(archive: Path, data: st.DataObject) -> None:
    content = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = archive.with_name("damaged.zip")
    damaged.write_bytes(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))
    loads_or_is_refused(damaged)


@given(table=st.sampled_from(sorted(TABLES)), at=st.floats(0, 1), cut=st.integers(0, 9), junk=st.binary(max_size=9))
def test_faults_30_a_garbled_table_is_a_fault_of_the_feed_never_a_crash(
    archive: Path, table: str, at: float, cut: int, junk: bytes
) -> None:
    content = TABLES[table].encode()
    start = int(at * len(content))
    garbled = content[:start] + junk + content[start + cut :]
    loads_or_is_refused(write(archive.with_name("garbled"), **{table.removesuffix(".txt"): garbled}))


def loads_or_is_refused(path: Path) -> None:
    """Load a feed, and all its fares; any other exception than a fault is an error."""
    try:
        feed = load_feed(path)
        for pattern_id in feed.patterns:
            feed.missing_fares(pattern_id)
    except (FeedFault, RegisterFault) as fault:
        assert "\n" not in str(fault)


def test_faults_30_messages_stay_on_one_line(tmp_path: Path) -> None:
    fault = broken(write(tmp_path / "feed", stop_times=CALLS + '"T\n1",8:00:00,8:00:00,a,1\n'))
    assert "invisible character" in str(fault)
