"""Every refusal of docs/exchange.md, by what was done; and what is kept of it."""

import json
import logging
import os
from hashlib import sha256

import pytest
from django.db import OperationalError
from django.http import HttpResponseBase
from django.test import Client
from pytest_django.fixtures import Settings

from centre.collector import asked, refusing, uploads, vehicles
from centre.collector.models import Piece, Segment, SetAside, Upload, Vehicle
from farebox.formats.cose import BENCH_KEY
from farebox.formats.frames import CHECK_BYTES, FRAME_HEAD_BYTES, HEADER, frame, payloads, scan
from tests.centre.collector.vehicle import BUS, KEY, OTHER_KEY, OTHER_SEED, TOKEN, Sender, journal, registered, seal_of

pytestmark = pytest.mark.django_db

BUS_7 = Sender()


def said(answer: HttpResponseBase) -> tuple[int, str]:
    """The status and the code."""
    body = getattr(answer, "content", b"")
    assert len(body) <= 4096
    return answer.status_code, json.loads(body)["code"] if body and answer.status_code >= 400 else ""


@pytest.fixture
def first() -> bytes:
    return journal(1)[0]


@pytest.fixture
def vehicle() -> Vehicle:
    return registered()


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", f"Bearer {'5f' * 32}", f"bearer {TOKEN}", f"Bearer {TOKEN.upper()}", "Basic " + TOKEN],
)
def test_faults_37_no_token_that_is_known_no_answer(vehicle: Vehicle, first: bytes, authorization: str) -> None:
    for method, path in (("PUT", "/bus/status"), ("GET", BUS_7.path(first)), ("PATCH", BUS_7.path(first))):
        assert said(BUS_7.asks(method, path, Authorization=authorization)) == (401, "unknown-token")


def test_faults_37_a_withdrawn_token_is_none_and_a_new_one_holds_alone(vehicle: Vehicle, first: bytes) -> None:
    assert BUS_7.looks(first).status_code == 204
    vehicles.withdraw(vehicle)
    assert said(BUS_7.looks(first)) == (401, "unknown-token")
    token = vehicles.new_token(vehicle)
    assert Sender(token).looks(first).status_code == 204
    assert said(BUS_7.looks(first)) == (401, "unknown-token")


def test_a_token_is_kept_as_its_hash_only_and_reaches_no_log(
    vehicle: Vehicle, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    BUS_7.sends(first)
    BUS_7.sends(b"nothing", path=BUS_7.path(first))
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(list(Vehicle.objects.values()))


CHANGED = "sha-256=:" + "A" * 43 + "=:"


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Content_Digest": CHANGED}, (400, "bad-digest")),
        ({"Content_Digest": ""}, (400, "bad-digest")),
        ({"Upload_Offset": "-1"}, (400, "other-length")),
        ({"Upload_Offset": "1" * 19}, (400, "other-length")),
        ({"Upload_Offset": "٣"}, (400, "other-length")),
        ({"Upload_Length": "many"}, (400, "other-length")),
        ({"Upload_Length": "10"}, (400, "other-length")),
        ({"Upload_Complete": "?0"}, (400, "other-length")),
        ({"Upload_Complete": ""}, (400, "other-length")),
        ({"Upload_Length": "0"}, (413, "too-long")),
        ({"Upload_Length": str(asked.MOST_SEGMENT_BYTES + 1)}, (413, "too-long")),
    ],
)
def test_faults_34_a_piece_that_is_not_as_it_says_is_dropped(
    vehicle: Vehicle, first: bytes, headers: dict[str, str], refused: tuple[int, str]
) -> None:
    assert said(BUS_7.sends(first, otherwise=headers)) == refused
    assert not Piece.objects.exists() and not Segment.objects.exists()
    assert BUS_7.sends(first).status_code == 200


def test_no_more_of_a_body_is_read_than_is_allowed(vehicle: Vehicle, first: bytes) -> None:
    unread = Client().generic(
        *("PATCH", BUS_7.path(first), b"", "application/partial-upload"),
        headers={"Authorization": f"Bearer {TOKEN}"},
        CONTENT_LENGTH=str(asked.MOST_PIECE_BYTES + 1),
    )
    assert said(unread) == (413, "too-long")
    assert said(BUS_7.asks("PUT", "/bus/status", b" " * (asked.MOST_STATUS_BYTES + 1))) == (413, "too-long")


def test_a_body_without_a_length_is_not_read(vehicle: Vehicle) -> None:
    unsaid = Client().generic(
        "PUT", "/bus/status", b"", headers={"Authorization": f"Bearer {TOKEN}"}, CONTENT_LENGTH=""
    )
    assert said(unsaid) == (411, "length-required")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 4000,
        b'{"waiting": 3}',
        b'{"waiting": [0]}',
        b'{"waiting": [true]}',
        b'{"aside": [1.5]}',
        b'{"aside": ["1"]}',
        b'{"aside": [9223372036854775808]}',
        b'{"software": 1}',
        b'{"bundles": []}',
        b'{"bundles": {"hotlist": -1}}',
        json.dumps({"waiting": list(range(1, 102))}).encode(),
    ],
)
def test_a_status_that_is_none_is_refused_and_changes_nothing(vehicle: Vehicle, body: bytes) -> None:
    assert said(BUS_7.asks("PUT", "/bus/status", body)) == (400, "bad-status")
    vehicle.refresh_from_db()
    assert vehicle.heard_at_s is None


def altered(data: bytes) -> bytes:
    """A byte of a record, with nothing mended."""
    place = scan(data).starts[1] + 40
    return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


def unsigned(data: bytes) -> bytes:
    """The last byte of the signature, its frame mended, as who wants to deceive would."""
    found = scan(data)
    seal = data[found.end + FRAME_HEAD_BYTES : found.sealed_end]
    forged = seal[:-1] + bytes((seal[-1] ^ 1,))
    head = data[len(HEADER) + FRAME_HEAD_BYTES : found.starts[0]]
    check = sha256(b"".join([head, *payloads(data, found), forged])).digest()[:CHECK_BYTES]
    return data[: found.end] + frame(forged, check)


@pytest.mark.parametrize(
    ("whole", "refused", "held_for_later"),
    [
        (lambda: altered(journal(1)[0]), (422, "altered"), False),
        (lambda: journal(1)[0][:-30], (422, "altered"), False),
        (lambda: journal(1)[0] + b"\0", (422, "altered"), False),
        (lambda: b"FAREBOX\0" + bytes(400), (422, "altered"), False),
        (lambda: os.urandom(400), (422, "altered"), False),
        (lambda: journal(1, tag="another")[0], (422, "altered"), False),
        (lambda: journal(1, "BUS-8")[0], (403, "unknown-vehicle"), True),
        (lambda: journal(1, seed=OTHER_SEED)[0], (403, "unknown-key"), True),
        (lambda: unsigned(journal(1)[0]), (422, "bad-signature"), False),
    ],
    ids=["changed", "cut", "longer", "rubbish", "noise", "another", "other bus", "other key", "signature"],
)
def test_faults_37_what_does_not_hold_is_refused_and_set_aside(
    vehicle: Vehicle, whole: object, refused: tuple[int, str], held_for_later: bool
) -> None:
    assert callable(whole)
    data = whole()
    seal = scan(data).seal
    path = BUS_7.path(data) if seal and refused[1] != "altered" else BUS_7.path(journal(1)[0])
    assert said(BUS_7.sends(data, path=path)) == refused
    again = BUS_7.sends(data, at=len(data), path=path) if held_for_later else BUS_7.sends(data, path=path)
    assert said(again) == refused
    assert not Segment.objects.exists()
    kept = SetAside.objects.get()
    assert (kept.code, bytes(kept.data), kept.times) == (refused[1], data, 2)
    assert Upload.objects.exists() is held_for_later


def test_faults_37_a_key_that_is_told_later_is_asked_for_with_an_empty_piece(vehicle: Vehicle) -> None:
    data = journal(1, seed=OTHER_SEED)[0]
    assert said(BUS_7.sends(data)) == (403, "unknown-key")
    assert BUS_7.looks(data)["Upload-Offset"] == str(len(data))
    assert said(BUS_7.sends(data, at=len(data))) == (403, "unknown-key")
    vehicles.add_key(vehicle, OTHER_KEY)
    assert BUS_7.sends(data, at=len(data)).status_code == 200
    assert not Upload.objects.exists()


def test_several_keys_of_one_vehicle_hold_at_once(vehicle: Vehicle) -> None:
    vehicles.add_key(vehicle, OTHER_KEY)
    for seed, tag in ((b"\x07" * 32, "old"), (OTHER_SEED, "new")):
        assert BUS_7.sends(journal(1, seed=seed, tag=tag)[0]).status_code == 200


def test_what_is_set_aside_is_bounded_and_the_first_are_kept(
    vehicle: Vehicle, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "MOST_KEPT", 3)
    monkeypatch.setattr(refusing, "MOST_KEPT_BYTES", 250)
    forged = [bytes((number,)) * 100 for number in range(5)]
    for data in forged:
        assert said(BUS_7.sends(data, path=BUS_7.path(first))) == (422, "altered")
    kept = [bytes(each.data) for each in SetAside.objects.order_by("pk")]
    assert kept == [forged[0], forged[1], b""]


def test_uploads_of_a_vehicle_are_bounded_the_idlest_gives_way(
    vehicle: Vehicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = journal(6)
    for data in segments:
        assert BUS_7.sends(data, to=100).status_code == 204
    here = {int(upload.number) for upload in Upload.objects.all()}
    assert here == {3, 4, 5, 6}
    monkeypatch.setattr(uploads, "MOST_PIECES", 2)
    assert BUS_7.sends(segments[5], at=100, to=101).status_code == 204
    assert said(BUS_7.sends(segments[5], at=101, to=102)) == (400, "too-small-pieces")
    assert BUS_7.looks(segments[5])["Upload-Offset"] == "0"


def test_an_upload_that_nobody_goes_on_with_is_dropped_in_the_end(vehicle: Vehicle, first: bytes) -> None:
    BUS_7.sends(first, to=100)
    touched = Upload.objects.get().touched_at_s
    assert uploads.drop_idle(touched + uploads.IDLE_S) == 0
    assert uploads.drop_idle(touched + uploads.IDLE_S + 1) == 1


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("database or disk is full", (507, "full")),
        ('could not extend file "base/1": No space left on device', (507, "full")),
        ("database is locked", (503, "busy")),
    ],
)
def test_a_database_that_fails_is_told_as_the_protocol_has_it(
    vehicle: Vehicle, first: bytes, monkeypatch: pytest.MonkeyPatch, words: str, refused: tuple[int, str]
) -> None:
    def fails(*_: object) -> None:
        raise OperationalError(words)

    monkeypatch.setattr(uploads, "hold", fails)
    answer = BUS_7.sends(first)
    assert said(answer) == refused and int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    "path", ["segments/0/", "segments/x/", "segments/1/", "segments/-1/", "segments/99999999999999999999/"]
)
def test_a_path_that_names_no_segment_is_none(vehicle: Vehicle, path: str) -> None:
    digest = "ab" * 32 if path != "segments/1/" else "AB" * 32
    assert BUS_7.asks("GET", f"/bus/{path}{digest}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "status"), ("POST", "time"), ("DELETE", "segments/1/" + "ab" * 32)]
)
def test_nothing_else_is_done_there(vehicle: Vehicle, method: str, path: str) -> None:
    assert BUS_7.asks(method, f"/bus/{path}").status_code == 405


@pytest.mark.parametrize("nonce", ["", "00", "zz" * 16, "00" * 17])
def test_a_time_is_asked_with_a_number_of_its_own(nonce: str) -> None:
    assert said(Client().get(f"/bus/time?nonce={nonce}")) == (400, "bad-nonce")


@pytest.mark.parametrize(
    ("terminal_id", "keys", "token", "told"),
    [
        ("", [KEY], None, "a terminal's id"),
        ("あ" * 67, [KEY], None, "a terminal's id"),
        ("BUS\n8", [KEY], None, "a terminal's id"),
        (BUS, [KEY], None, "registered already"),
        ("BUS-8", ["07"], None, "64 hex digits"),
        ("BUS-8", [BENCH_KEY.hex()], None, "模擬"),
        ("BUS-8", [KEY], "5E" * 32, "a token has"),
    ],
)
def test_a_vehicle_is_registered_whole_or_not_at_all(
    vehicle: Vehicle, terminal_id: str, keys: list[str], token: str | None, told: str
) -> None:
    with pytest.raises(vehicles.VehicleFault, match=told):
        vehicles.add_vehicle(terminal_id, keys, token)
    assert list(Vehicle.objects.all()) == [vehicle]


def test_the_bench_key_is_for_demos_that_say_so(settings: Settings) -> None:
    settings.SIMULATED = True
    vehicles.add_vehicle(BUS, [BENCH_KEY.hex()])
    assert seal_of(journal(1)[0]).terminal_id == Vehicle.objects.get().terminal_id
