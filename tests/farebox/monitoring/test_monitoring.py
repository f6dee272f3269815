"""/healthz and /metrics of a terminal: what it does, what keeps it from taking fares, and no card in either."""

import json
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from farebox.console.protocol import Alarm, Picture
from farebox.console.server import ConsoleServer
from farebox.journal.log import open_journal
from farebox.monitoring.journal_room import JournalRoom, room_of
from farebox.monitoring.probe import Probe, ask
from farebox.monitoring.server import Watch, is_loopback, server
from farebox.table import State
from tests.farebox.console.test_protocol import PICTURE
from tests.journal.examples import intent

WELL = replace(PICTURE, alarms=())
ROOM = JournalRoom(7_000, 9_000, 2, 1)
AT_S = 1_795_125_400.0


def watch(picture: Picture | None, room: JournalRoom | None = ROOM) -> Watch:
    probe = Probe(picture, "" if picture else "no answer within 2 s", 0.01)
    return Watch(lambda: probe, lambda: room, lambda: AT_S)


def samples(text: bytes) -> dict[str, float]:
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def alarm(code: str) -> Alarm:
    return Alarm(code, ("故障", "fault"))


@pytest.mark.parametrize(
    ("picture", "why_not"),
    [
        (WELL, []),
        (replace(WELL, state=State.OUT_OF_SERVICE.value), []),
        (replace(WELL, alarms=(alarm("clock"), alarm("pending"), alarm("hotlist"))), []),
        (replace(WELL, state=State.STOPPED.value, alarms=(alarm("journal"),)), ["stopped", "alarm journal"]),
        (replace(WELL, state=State.NO_READER.value), ["no reader"]),
        (replace(WELL, alarms=(alarm("reader-alighting"),)), ["alarm reader-alighting"]),
        (None, ["no answer within 2 s"]),
    ],
)
def test_healthz_is_200_only_while_fares_can_be_taken(picture: Picture | None, why_not: list[str]) -> None:
    page = watch(picture).page("/healthz")
    assert page.status == (HTTPStatus.SERVICE_UNAVAILABLE if why_not else HTTPStatus.OK)
    said = json.loads(page.body)
    assert (said["takes_fares"], said["why_not"]) == (not why_not, why_not)


def test_metrics_are_what_the_picture_and_the_journals_folder_say() -> None:
    with_a_hotlist = replace(PICTURE, watched=replace(PICTURE.watched, hotlist_made_at_s=1_795_125_000))
    found = samples(watch(with_a_hotlist).page("/metrics").body)
    wanted = {
        "farebox_up": 1,
        "farebox_takes_fares": 1,
        "farebox_taps_total boarded": 1,
        "farebox_taps_total alighted": 2,
        "farebox_refusals_total short": 6,
        "farebox_fares_yen_total": 7,
        "farebox_cash_yen_total": 8,
        "farebox_topped_up_yen_total": 9,
        "farebox_taps_total cancelled": 11,
        "farebox_cancelled_yen_total": 1_000,
        "farebox_pending_writes": 10,
        "farebox_alarm pending": 1,
        "farebox_clock_trusted ntp": 1,
        "farebox_hotlist_age_seconds": 400,
        "farebox_last_tap_timestamp_seconds": 1_795_125_299,
        "farebox_in_service": 1,
        "farebox_state ready": 1,
        "farebox_journal_free_bytes": 7_000,
        "farebox_journal_segments_waiting": 2,
        "farebox_journal_segments_rotten": 1,
        "farebox_info true BUS-1 1.0": 1,
    }
    assert {name: found.get(name) for name in wanted} == wanted


def test_no_card_and_no_passenger_is_in_them() -> None:
    text = watch(PICTURE).page("/metrics").body.decode()
    (tap,) = PICTURE.taps
    assert not re.search(rf"{re.escape(tap.card)}|{tap.stop}|{tap.why[1]}", text)


def test_a_terminal_that_is_away_is_down_and_its_journal_still_told_of() -> None:
    found = samples(watch(None).page("/metrics").body)
    assert found["farebox_up"] == 0 and found["farebox_takes_fares"] == 0
    assert found["farebox_journal_free_bytes"] == 7_000
    assert samples(watch(None, None).page("/metrics").body).keys() == {
        "farebox_up",
        "farebox_takes_fares",
        "farebox_answer_seconds",
    }


def test_anything_else_is_not_found() -> None:
    assert watch(PICTURE).page("/").status == HTTPStatus.NOT_FOUND
    assert watch(PICTURE).page("/metrics?name[]=x").status == HTTPStatus.OK


@pytest.fixture
def console(tmp_path: Path) -> Iterator[ConsoleServer]:
    made = ConsoleServer(tmp_path / "console")
    yield made
    made.close()


def test_a_loop_that_turns_answers(console: ConsoleServer, tmp_path: Path) -> None:
    console.publish(PICTURE)
    turning = threading.Event()
    loop = threading.Thread(target=lambda: [console.commands() for _ in iter(turning.is_set, True)])
    loop.start()
    probe = ask(tmp_path / "console", 30.0)
    turning.set()
    loop.join()
    assert probe.picture == PICTURE and not probe.why_not


def test_faults_7_a_loop_that_hangs_does_not(console: ConsoleServer, tmp_path: Path) -> None:
    assert ask(tmp_path / "console", 0.05).why_not == ("no answer within 0.05 s",)


def test_nobody_there_is_told_so(tmp_path: Path) -> None:
    assert ask(tmp_path / "console").why_not == (f"{tmp_path}/console: No such file or directory",)


@pytest.mark.parametrize("said", [b"", b"\n", b"{}\n", b"\xff" * 100 + b"\n", b"[" * 100_000 + b"\n"])
def test_what_answers_is_no_terminal(said: bytes, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "other"))
        listener.listen(1)

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(said)
            connection.close()

        other = threading.Thread(target=answer)
        other.start()
        probe = ask(tmp_path / "other", 30.0)
        other.join()
    assert probe.picture is None and probe.fault


def test_a_journal_is_looked_at_from_outside(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal").journal
    journal.append(intent(), 1_795_125_300)
    journal.seal()
    room = room_of(tmp_path / "journal")
    journal.close()
    assert room is not None and room.disk_bytes >= room.free_bytes > 0
    assert (room.waiting, room.rotten) == (1, 0)
    assert room_of(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("0.0.0.0", False), ("localhost", False)]
)
def test_only_this_machines_own_addresses_are_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_over_http(tmp_path: Path) -> None:
    made = server(Watch(partial(ask, tmp_path / "nowhere"), lambda: ROOM), "127.0.0.1", 0)
    serving = threading.Thread(target=made.serve_forever)
    serving.start()
    try:
        base = f"http://127.0.0.1:{made.server_port}"
        with urllib.request.urlopen(f"{base}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            assert samples(answer.read())["farebox_up"] == 0
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{base}/healthz")
        with refused.value as response:
            assert response.code == 503
    finally:
        made.shutdown()
        serving.join()
        made.server_close()
