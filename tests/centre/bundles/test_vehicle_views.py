"""GET bus/bundles/KIND: what docs/exchange.md says of it, request by request."""

import re
from hashlib import sha256

import pytest
from django.test import Client

from centre.bundles.models import Published
from centre.bundles.pieces import MOST_PIECE_BYTES, Piece, asked
from centre.bundles.publishing import publish
from centre.bundles.services import stop
from centre.collector.models import Vehicle
from centre.collector.vehicles import add_vehicle

pytestmark = pytest.mark.django_db
NOW_S = 1_795_000_000
TOKEN = "5e" * 32


@pytest.fixture
def signed() -> bytes:
    add_vehicle("BUS-1", ["ab" * 32], TOKEN)
    stop("012E000000000001", "lost")
    (made,) = publish(NOW_S)
    return bytes(made.signed)


def get(kind: str = "hotlist", **headers: str) -> "tuple[int, dict[str, str], bytes]":
    named = {"Authorization": f"Bearer {TOKEN}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    found = Client().get(f"/bus/bundles/{kind}", headers=named)
    return found.status_code, dict(found.headers), found.content


def code(body: bytes) -> str:
    found = re.search(rb'"code": "([a-z-]+)"', body)
    assert found is not None
    return found[1].decode()


def test_a_piece_says_which_it_is_and_of_what(signed: bytes) -> None:
    status, headers, body = get(Range="bytes=10-19")
    assert (status, body) == (206, signed[10:20])
    assert headers["ETag"] == f'"{sha256(signed).hexdigest()}"'
    assert headers["Content-Range"] == f"bytes 10-19/{len(signed)}"
    assert headers["Content-Length"] == "10" and "Content-Encoding" not in headers


def test_the_last_piece_ends_with_the_whole(signed: bytes) -> None:
    status, headers, body = get(Range=f"bytes={len(signed) - 5}-{len(signed) + 99}")
    assert (status, body, headers["Content-Range"][-3:]) == (206, signed[-5:], str(len(signed)))


def test_a_whole_that_fits_may_come_as_it_is(signed: bytes) -> None:
    status, headers, body = get()
    assert (status, body) == (200, signed) and "Content-Range" not in headers


@pytest.mark.parametrize("others", ["", f'"{"ab" * 32}", '])
def test_what_is_there_or_was_refused_is_not_sent_again(signed: bytes, others: str) -> None:
    """What the vehicle has, and what it refused, stand in one line."""
    status, headers, body = get(If_None_Match=f'{others}"{sha256(signed).hexdigest()}"', Range="bytes=0-9")
    assert (status, body) == (304, b"") and headers["ETag"]


def test_something_newer_than_what_is_there_is_sent(signed: bytes) -> None:
    assert get(If_None_Match=f'"{"ab" * 32}"', Range="bytes=0-9")[0] == 206


def test_going_on_with_the_one_that_was_begun(signed: bytes) -> None:
    tag = f'"{sha256(signed).hexdigest()}"'
    assert get(If_Match=tag, Range="bytes=5-9")[2] == signed[5:10]
    stop("012E000000000002", "lost")
    publish(NOW_S + 60)
    status, _, body = get(If_Match=tag, Range="bytes=5-9")
    assert (status, code(body)) == (412, "another-one")


def test_past_its_end_there_is_nothing(signed: bytes) -> None:
    status, headers, body = get(Range=f"bytes={len(signed)}-{len(signed) + 9}")
    assert (status, code(body), headers["Content-Range"]) == (416, "past-the-end", f"bytes */{len(signed)}")


@pytest.mark.parametrize("kind", ["tariff", "directives", "hotlists"])
def test_there_may_be_none_yet(signed: bytes, kind: str) -> None:
    status, _, body = get(kind)
    assert (status, code(body)) == (404, "none-yet")


@pytest.mark.parametrize(
    "span", ["bytes=9-5", "bytes=-5", "bytes=0-1,3-4", "lines=0-1", "bytes=０-1", "bytes=" + "9" * 99]
)
def test_any_other_range_is_declined(signed: bytes, span: str) -> None:
    assert get(Range=span.encode().decode("latin-1"))[0] == 400


def test_nobody_without_a_token_gets_anything(signed: bytes) -> None:
    for said in ("", "Bearer " + "ab" * 32, f"Basic {TOKEN}"):
        status, _, body = get(Authorization=said)
        assert (status, code(body)) == (401, "unknown-token")
    Vehicle.objects.update(enabled=False)
    assert get()[0] == 401


def test_nothing_can_be_put_there(signed: bytes) -> None:
    assert Client().put("/bus/bundles/hotlist", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_all_pieces_make_the_whole(signed: bytes) -> None:
    pieces = [get(Range=f"bytes={start}-{start + 63}")[2] for start in range(0, len(signed), 64)]
    assert b"".join(pieces) == signed


def test_a_piece_has_its_bound_whatever_is_asked() -> None:
    assert asked({"Range": "bytes=7-"}, "", 1 << 24) == Piece(7, MOST_PIECE_BYTES, is_whole=False)
    assert not isinstance(asked({}, "", MOST_PIECE_BYTES + 1), Piece)


def test_bytes_of_older_ones_are_let_go(signed: bytes) -> None:
    for second in range(1, 5):
        stop(f"012E00000000010{second}", "lost")
        publish(NOW_S + second)
    kept = Published.objects.exclude(signed=b"")
    assert [row.version for row in kept] == [NOW_S + 4, NOW_S + 3] and Published.objects.count() == 5
