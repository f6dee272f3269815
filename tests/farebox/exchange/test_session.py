"""A session with a centre in memory: what each does when the other, or the network between them, does not (faults 32 to
37).
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from farebox.exchange.answers import Answer
from farebox.exchange.faults import LineCut, Nonsense, NotTheCentre
from farebox.exchange.line import Line, Request
from farebox.formats import cose
from farebox.formats.bundle import Kind, encode
from farebox.formats.centre import Held, Time, encode_held, encode_time
from farebox.journal.errors import JournalFailed
from reader.keys import KeyStoreFault
from sim.centre import (
    NOW_S,
    SEED,
    TOKEN,
    Centre,
    answer,
    answer_lost,
    declined,
    never_arrives,
    twice,
)
from tests.bundles.examples import FOR_TWO_CARDS, HOTLIST, tariff
from tests.bundles.test_bundle_store import LOCOCA
from tests.farebox.exchange.bus import PIECE, Bus, seal_duties, segments

BENCH_SEED = cose.BENCH_SEED
Fate = Callable[[Centre, Request], Answer]


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    return Bus(tmp_path, duties=3)


def of(method: str, part: str, fate: Fate, from_nth: int = 0) -> Fate:
    """A fate for requests of one kind alone, from the so manieth on."""
    seen = 0

    def decide(centre: Centre, request: Request) -> Answer:
        nonlocal seen
        if request.method == method and part in request.path:
            seen += 1
            if seen > from_nth:
                return fate(centre, request)
        return centre.answer(request)

    return decide


def always(came: Answer) -> Fate:
    return lambda centre, request: came


class TestSegments:
    def test_several_days_go_oldest_first_and_only_the_newest_stays(self, bus: Bus) -> None:
        report = bus.once()
        assert report.done and report.waiting == 0
        assert [sent.number for sent in report.segments.sent] == [1, 2, 3]
        assert segments(bus.folder) == [3, 4]
        assert sorted(bus.centre.booked.values()) == [1, 1, 1]
        assert [request.path.split("/")[1] for request in bus.centre.asked if "segments" in request.path] == sorted(
            request.path.split("/")[1] for request in bus.centre.asked if "segments" in request.path
        )

    def test_nothing_to_send_is_in_order(self, tmp_path: Path) -> None:
        assert Bus(tmp_path).once().done

    def test_faults_34_a_cut_goes_on_from_the_last_durable_byte(self, bus: Bus) -> None:
        cut = bus.once(of("PATCH", "segments", never_arrives, from_nth=2))
        assert isinstance(cut.fault, LineCut) and cut.segments.stopped_at == 1 and cut.waiting == 3
        bus.centre.asked.clear()
        assert bus.once().done
        offsets = [dict(request.headers)["Upload-Offset"] for request in bus.centre.asked if request.method == "PATCH"]
        assert offsets[0] == str(2 * PIECE)

    def test_faults_34_a_centre_that_keeps_part_of_a_piece_is_given_the_rest(self, bus: Bus) -> None:
        bus.centre.keeps = lambda piece: piece[: max(1, len(piece) // 2)]
        assert bus.once().segments.sent[0].number == 1

    def test_faults_34_a_centre_that_keeps_nothing_is_left_alone_before_long(self, bus: Bus) -> None:
        bus.centre.keeps = lambda piece: b""
        report = bus.once()
        assert report.segments.why is not None and report.segments.why.code == "no-progress"
        size = len(bus.archive.load(1).data)
        assert sum(len(request.body) for request in bus.centre.asked) < 3 * size + 2 * PIECE
        assert report.waiting == 3

    def test_faults_35_a_centre_that_was_killed_before_it_booked_is_asked_again(self, bus: Bus) -> None:
        sealed = bus.archive.load(1)
        bus.centre.partial[1, sealed.seal.digest.hex()] = sealed.data
        report = bus.once()
        assert report.done and report.segments.sent[0].sent_bytes == 0

    def test_faults_36_an_acknowledgement_that_is_lost_is_asked_for_again(self, bus: Bus) -> None:
        lost = bus.once(of("PATCH", "segments", answer_lost))
        while isinstance(lost.fault, LineCut):
            assert segments(bus.folder)[0] == 1 + len(lost.segments.sent) or bus.archive.receipt(1)
            lost = bus.once(of("PATCH", "segments", answer_lost))
        assert lost.done and set(bus.centre.booked.values()) == {1}

    def test_faults_32_every_request_twice_has_the_effect_of_one(self, bus: Bus) -> None:
        assert bus.once(twice).done
        assert sorted(bus.centre.booked.values()) == [1, 1, 1]

    def test_faults_33_a_segment_that_the_centre_lacks_is_sent_again_if_it_is_still_here(self, bus: Bus) -> None:
        bus.once()
        (key,) = [key for key in bus.centre.receipts if key[0] == 3]
        del bus.centre.receipts[key], bus.centre.segments[3]  # restored from before
        bus.centre.wanted = [2, 3]
        report = bus.once()
        assert [sent.number for sent in report.segments.sent] == [3]
        assert report.lost == (2,) and not report.done
        assert bus.centre.segments[3]

    @pytest.mark.parametrize(("status", "code"), [(422, "bad-signature"), (403, "unknown-key"), (409, "gap")])
    def test_faults_33_37_nothing_is_sent_past_one_that_is_refused(self, bus: Bus, status: int, code: str) -> None:
        bus.centre.refuses[2] = declined(status, code, "ask the\n depot\x1b[31m")
        report = bus.once()
        assert report.segments.stopped_at == 2 and report.segments.why is not None
        assert (report.segments.why.code, report.segments.why.detail) == (code, "ask the depot[31m")
        assert set(bus.centre.segments) == {1} and report.waiting == 2
        assert segments(bus.folder) == [2, 3, 4]

    def test_faults_37_bytes_that_went_wrong_at_the_centre_are_sent_anew_once(self, bus: Bus) -> None:
        sealed = bus.archive.load(1)
        bus.centre.partial[1, sealed.seal.digest.hex()] = bytes(len(sealed.data) - 1)
        report = bus.once()
        assert report.done and report.segments.sent[0].sent_bytes == len(sealed.data)
        bus.folder = seal_duties(bus.folder, 1)
        bus.centre.refuses[4] = declined(422, "altered")
        assert bus.once().segments.why == declined_as("altered")
        assert len([request for request in bus.centre.asked if "segments/4/" in request.path]) == 2

    def test_faults_22_a_segment_that_rotted_here_is_set_aside_and_told(self, bus: Bus) -> None:
        bus.folder.disks["00000002.segment"].cache[200] ^= 1
        report = bus.once()
        assert report.segments.aside == ("00000002.rotten",) and not report.done
        assert [sent.number for sent in report.segments.sent] == [1, 3]
        bus.once()
        assert bus.centre.statuses[-1]["aside"] == [2]

    def test_faults_22_what_is_read_wrong_once_is_not_set_aside(self, bus: Bus) -> None:
        disk = bus.folder.disks["00000001.segment"]
        pread, reads = disk.pread, 0

        def wrong_at_first(length: int, offset: int) -> bytes:
            nonlocal reads
            reads += 1
            data = pread(length, offset)
            return data if reads > 1 else bytes(len(data))

        disk.pread = wrong_at_first  # type: ignore[method-assign]
        assert bus.once().done and reads > 1

    def test_a_full_centre_says_when_to_come_again(self, bus: Bus) -> None:
        bus.centre.full = True
        report = bus.once()
        assert report.segments.why is not None and report.segments.why.code == "full"
        assert report.retry_after_s == 600 and report.waiting == 3

    def test_faults_20_a_disk_that_fails_keeps_the_segment(self, bus: Bus) -> None:
        exchange = bus.exchange()
        bus.folder.errors["fdatasync"] = 5
        report = exchange.once()
        assert isinstance(report.fault, JournalFailed)
        assert segments(bus.folder) == [1, 2, 3, 4]

    def test_asked_to_end_it_ends_between_two_pieces(self, bus: Bus) -> None:
        report = bus.once(stopping=lambda: len(bus.centre.asked) > 7)
        assert report.segments.why is not None and report.segments.why.code == "stopped"
        assert bus.centre.partial and bus.once().done

    def test_progress_adds_up_to_what_was_waiting(self, bus: Bus) -> None:
        whole = sum(len(bus.archive.load(number).data) for number in (1, 2, 3))
        told: list[int] = []
        bus.once(progress=told.append)
        assert sum(told) == whole


def declined_as(code: str) -> tuple[str, str, None]:
    return (code, "", None)


class TestForgedReceipts:
    """Faults 36, 37: what the terminal deletes rests on the centre's signature over that very segment."""

    def receipt(self, bus: Bus, seed: bytes = SEED, **changed: object) -> Answer:
        seal = bus.archive.load(1).seal
        held = Held(*seal[:4], seal.digest, NOW_S)._replace(**changed)  # type: ignore[arg-type]
        return answer(200, encode_held(held, seed))

    @pytest.mark.parametrize(
        "changed",
        [
            {"seed": BENCH_SEED},
            {"number": 2},
            {"terminal_id": "BUS-8"},
            {"digest": bytes(32)},
            {"last_seq": 1},
            {"first_seq": 2},
        ],
    )
    def test_faults_36_37_a_receipt_of_another_key_or_segment_deletes_nothing(
        self, bus: Bus, changed: dict[str, object]
    ) -> None:
        report = bus.once(of("PATCH", "segments", always(self.receipt(bus, **changed))))  # type: ignore[arg-type]
        assert isinstance(report.fault, Nonsense)
        assert segments(bus.folder) == [1, 2, 3, 4] and report.waiting == 3

    @pytest.mark.parametrize("body", [b"", b"OK", bytes(2_000), encode_time(Time(bytes(16), NOW_S), SEED)])
    def test_faults_31_36_no_receipt_at_all_deletes_nothing(self, bus: Bus, body: bytes) -> None:
        report = bus.once(of("GET", "segments", always(answer(200, body))))
        assert isinstance(report.fault, Nonsense) and report.waiting == 3

    @pytest.mark.parametrize(
        "came",
        [
            answer(204),
            answer(204, upload_offset=-1),
            answer(204, upload_offset="1, 1"),
            answer(204, upload_offset=1 << 40),
            answer(204, upload_offset="9" * 5_000),
            answer(409, upload_offset="٣"),
            answer(302, location="https://elsewhere.example/"),
        ],
    )
    def test_faults_31_an_answer_that_says_nothing_sends_nothing(self, bus: Bus, came: Answer) -> None:
        report = bus.once(of("GET", "segments", always(came)))
        assert isinstance(report.fault, Nonsense) and report.waiting == 3
        assert not [request for request in bus.centre.asked if request.method == "PATCH"]


class TestBundles:
    def signed(self, bus: Bus, version: int = 4) -> bytes:
        data = cose.sign(encode(HOTLIST._replace(version=version)), SEED)
        bus.centre.bundles["hotlist"] = data
        return data

    def test_ctr_3_each_kind_is_fetched_and_kept(self, bus: Bus) -> None:
        self.signed(bus)
        bus.centre.bundles["directives"] = cose.sign(encode(FOR_TWO_CARDS), SEED)
        bus.centre.bundles["tariff"] = cose.sign(encode(tariff(2, LOCOCA)), SEED)
        exchange = bus.exchange()
        report = exchange.once()
        assert report.done and [fetched.version for fetched in report.bundles] == [4, 7, 2]
        assert bus.store.orders().hotlist == HOTLIST
        assert not list(bus.bundles.glob("*.part"))
        for version in (4, 5):
            assert bus.centre.statuses[-1]["bundles"] == {"hotlist": version, "directives": 7, "tariff": 2}
            self.signed(bus, version=5)
            assert exchange.once().done

    def test_what_is_here_is_not_fetched_again(self, bus: Bus) -> None:
        self.signed(bus)
        bus.once()
        again = bus.once()
        assert again.done and [fetched.version for fetched in again.bundles] == [None] * 3

    def test_faults_34_a_cut_goes_on_where_it_was(self, bus: Bus) -> None:
        size = len(self.signed(bus))
        assert size > PIECE
        cut = bus.once(of("GET", "bundles/hotlist", never_arrives, from_nth=1))
        assert isinstance(cut.fault, LineCut)
        # Over a line that is cut nothing else is tried: each try would wait as long.
        assert bus.centre.asked[-1].path == "bundles/hotlist"
        bus.centre.asked.clear()
        assert bus.once().bundles[0].version == 4
        assert dict(bus.centre.asked[1].headers)["Range"] == f"bytes={PIECE}-{2 * PIECE - 1}"

    def test_a_newer_one_that_comes_out_in_between_is_fetched_from_its_beginning(self, bus: Bus) -> None:
        self.signed(bus)
        bus.once(of("GET", "bundles/hotlist", never_arrives, from_nth=1))
        self.signed(bus, version=5)
        assert bus.once().bundles[0].version == 5

    @pytest.mark.parametrize("status", [404, 412, 416])
    def test_a_piece_that_no_bundle_goes_on_from_is_thrown_away(self, bus: Bus, status: int) -> None:
        """The centre has withdrawn it, has another one, or a shorter one than the disk says."""
        self.signed(bus)
        bus.once(of("GET", "bundles/hotlist", never_arrives, from_nth=1))

        going_on: list[Request] = []

        def declines_once(centre: Centre, request: Request) -> Answer:
            if "If-Match" in dict(request.headers) and not going_on:
                going_on.append(request)
                return declined(status, "gone")
            return centre.answer(request)

        assert bus.once(declines_once).bundles[0].version == 4
        assert going_on

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (cose.sign(encode(HOTLIST._replace(version=3)), SEED), "older"),
            (cose.sign(encode(HOTLIST._replace(version=9)), BENCH_SEED), "bad-signature"),
            (encode(HOTLIST._replace(version=9)), "bad-signature"),
            (cose.sign(encode(FOR_TWO_CARDS), SEED), "other-kind"),
            (cose.sign(b"nothing", SEED), "broken"),
        ],
    )
    def test_faults_28_a_bundle_that_is_not_taken_is_told_and_not_fetched_again(
        self, bus: Bus, data: bytes, code: str
    ) -> None:
        self.signed(bus)
        exchange = bus.exchange()
        assert exchange.once().done
        bus.centre.bundles["hotlist"] = data
        (why,) = exchange.once().refusals
        assert why.code == code and bus.store.load(Kind.HOTLIST).bundle == HOTLIST
        again = exchange.once()
        assert again.done  # the centre is told by If-None-Match that this one is known
        assert not list(bus.bundles.glob("*.part"))

    def test_faults_28_a_bundle_that_the_disk_did_not_keep_is_fetched_again(self, bus: Bus) -> None:
        self.signed(bus)
        exchange = bus.exchange()
        in_the_way = bus.bundles / "hotlist.bundle.coming"
        in_the_way.mkdir(parents=True)
        (why,) = exchange.once().refusals
        assert why.code == "not-kept" and bus.store.load(Kind.HOTLIST).bundle is None
        in_the_way.rmdir()
        assert exchange.once().done and bus.store.load(Kind.HOTLIST).bundle == HOTLIST

    def test_faults_28_pieces_that_are_not_what_the_etag_says_are_thrown_away(self, bus: Bus) -> None:
        data = self.signed(bus)

        def swapped(centre: Centre, request: Request) -> Answer:
            came = centre.answer(request)
            return came._replace(body=bytes(len(came.body)))

        report = bus.once(of("GET", "bundles/hotlist", swapped, from_nth=1))
        assert isinstance(report.fault, Nonsense) and bus.store.load(Kind.HOTLIST).bundle is None
        assert report.waiting == 0  # the journal went through all the same
        assert bus.once().bundles[0].version == 4 and data

    def test_faults_31_a_piece_of_another_one_than_was_asked_for_is_not_put_to_it(self, bus: Bus) -> None:
        self.signed(bus)

        def another(centre: Centre, request: Request) -> Answer:
            came = centre.answer(request)
            return came._replace(headers={**came.headers, "etag": f'"{"5e" * 32}"'})

        report = bus.once(of("GET", "bundles/hotlist", another, from_nth=1))
        assert isinstance(report.fault, Nonsense) and not list(bus.bundles.glob("*.part"))
        assert bus.once().bundles[0].version == 4

    def test_asked_to_end_it_ends_between_two_pieces_and_goes_on_from_there(self, bus: Bus) -> None:
        self.signed(bus)
        report = bus.once(stopping=lambda: len(bus.centre.asked) > 1)
        assert report.bundles[0].why is not None and report.bundles[0].why.code == "stopped"
        bus.centre.asked.clear()
        assert bus.once().bundles[0].version == 4
        assert dict(bus.centre.asked[1].headers)["Range"].startswith(f"bytes={PIECE}-")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"etag": '"5e"', "content_range": "bytes 0-0/5"},
            {"etag": f'"{"5e" * 32}"'},
            {"etag": f'"{"5e" * 32}"', "content_range": "bytes 1-1/5"},
            {"etag": f'"{"5e" * 32}"', "content_range": "bytes 0-1/5"},
            {"etag": f'"{"5e" * 32}"', "content_range": "bytes 0-0/0"},
            {"etag": f'"{"5e" * 32}"', "content_range": "bytes 0-0/99999999999"},
        ],
    )
    def test_faults_31_a_piece_that_does_not_say_what_it_is(self, bus: Bus, headers: dict[str, object]) -> None:
        report = bus.once(of("GET", "bundles/hotlist", always(answer(206, b"x", **headers))))
        assert isinstance(report.fault, Nonsense) and not list(bus.bundles.glob("*.part"))

    def test_several_pieces_that_a_power_cut_left_are_cleared_away(self, bus: Bus) -> None:
        self.signed(bus)
        bus.bundles.mkdir()
        for digest in ("5e" * 32, "6f" * 32):
            (bus.bundles / f"hotlist.{digest}.part").write_bytes(b"?")
        assert bus.once().bundles[0].version == 4
        assert sorted(path.name for path in bus.bundles.iterdir()) == ["hotlist.bundle"]


def test_faults_27_anchors_that_are_gone_for_a_moment_end_one_session_alone(bus: Bus) -> None:
    exchange = bus.exchange()
    good = exchange._open_line

    def gone() -> Line:
        raise KeyStoreFault("ca.pem: no certificates to trust can be read there")

    exchange._open_line = gone
    report = exchange.once()
    assert isinstance(report.fault, KeyStoreFault) and report.waiting == 3
    exchange._open_line = good
    assert exchange.once().done


class TestTime:
    def test_faults_25_the_centres_time_is_handed_on(self, bus: Bus) -> None:
        assert bus.once().centre_s == NOW_S
        assert [time.at_s for time in bus.told] == [NOW_S]

    def test_the_token_is_not_sent_before_the_centre_has_proved_itself(self, bus: Bus) -> None:
        bus.centre.seed = BENCH_SEED
        report = bus.once()
        assert isinstance(report.fault, NotTheCentre) and "keys.centre" in str(report.fault)
        assert not any(TOKEN in value for request in bus.centre.asked for _, value in request.headers)
        assert bus.told == [] and report.waiting == 3

    def test_faults_24_an_old_answer_played_again_is_not_believed(self, bus: Bus) -> None:
        old = answer(200, encode_time(Time(sha256(b"then").digest()[:16], NOW_S), SEED))
        report = bus.once(of("GET", "time", always(old)))
        assert isinstance(report.fault, NotTheCentre) and "played again" in str(report.fault)

    def test_a_time_that_took_long_to_come_is_not_handed_on(self, bus: Bus) -> None:
        def slow(centre: Centre, request: Request) -> Answer:
            bus.counted_s += 11
            return centre.answer(request)

        assert bus.once(of("GET", "time", slow)).done
        assert bus.told == []

    def test_a_centre_under_repair_is_left_alone_for_as_long_as_it_says(self, bus: Bus) -> None:
        report = bus.once(of("GET", "time", always(answer(503, b"<html>", retry_after=120))))
        assert report.declined == ("status-503", "", 120) and report.retry_after_s == 120
        assert report.waiting == 3 and not bus.centre.asked and not report.done

    def test_a_vehicle_that_the_centre_does_not_know_keeps_everything(self, bus: Bus) -> None:
        report = bus.once(of("PUT", "status", always(declined(403, "unknown-vehicle"))))
        assert report.declined is not None and report.declined.code == "unknown-vehicle"
        assert report.waiting == 3 and not bus.centre.booked


@pytest.mark.parametrize("body", [b'{"wanted": 3}', b'{"wanted": [true]}', b'{"wanted": [0]}', b'{"wanted": ["1"]}'])
def test_faults_31_a_list_of_wishes_that_is_none(bus: Bus, body: bytes) -> None:
    assert isinstance(bus.once(of("PUT", "status", always(answer(200, body)))).fault, Nonsense)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 4_000, b'{"code": "Not A Code"}', b'{"code": 7}', b"\xff"])
def test_faults_31_a_refusal_in_any_form_is_one(bus: Bus, body: bytes) -> None:
    report = bus.once(of("GET", "segments", always(answer(503, body, retry_after="99999"))))
    assert report.segments.why is not None and report.segments.why.code == "status-503"
    assert report.retry_after_s == 3_600
