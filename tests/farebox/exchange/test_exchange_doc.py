"""docs/exchange.md against the code: its dumps, its bounds, its codes. A centre is built from that page alone."""

import re
from pathlib import Path

import cbor2
import pytest

from farebox.bundles import MOST_SIGNED_BYTES
from farebox.exchange import answers, fetch, https, session, told, upload, watch
from farebox.formats import cose
from farebox.formats.bundle import Kind
from tests.farebox.exchange.test_centre_says import HELD, TIME

PAGE = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text("utf-8")


def dump(name: str) -> bytes:
    """The bytes of a dump: pairs of hex digits at the beginning of its lines."""
    text = re.findall(rf"```hex {name}\n(.*?)```", PAGE, re.DOTALL)[0]
    return bytes.fromhex("".join(re.findall(r"^((?: *[0-9a-f]{2}\b)+)", text, re.MULTILINE)))


def test_the_dumps_are_what_is_signed() -> None:
    assert dump("held") == cbor2.dumps([1, "held", *HELD])
    assert dump("time") == cbor2.dumps([1, "time", *TIME])


@pytest.mark.parametrize(
    "said",
    [
        f"connecting | {https.Bounds().connect_s:g} s",
        f"its answer's last | {https.Bounds().request_s:g} s",
        f"a piece, either way | {upload.PIECE_BYTES >> 10} KiB",
        f"the head of an answer | {https._MOST_HEAD_BYTES >> 10} KiB, {https._MOST_INFORMATIONAL} answers",
        f"a bundle's piece | {answers.MOST_WORD_BYTES >> 10} KiB",
        f"a receipt, a time | {cose.MOST_BYTES >> 10} KiB",
        f"took more than {session.MOST_ROUND_S:g} s",
        f"it waits {watch.FIRST_PAUSE_S:g} s",
        f"up to {watch.MOST_PAUSE_S / 60:g} minutes",
        f"at most {MOST_SIGNED_BYTES >> 20} MiB and a little",
        f"without a receipt, at most {answers.MOST_WANTED}",
    ],
)
def test_the_page_has_the_bounds(said: str) -> None:
    assert said in PAGE


def test_pieces_are_alike_and_a_day_is_a_day() -> None:
    assert upload.PIECE_BYTES == fetch.PIECE_BYTES
    assert told.MOST_AGE_S == 86_400 and "more than a day old" in PAGE
    assert answers.MOST_RETRY_AFTER_S == 3_600 and "up to an hour" in PAGE


@pytest.mark.parametrize("word", [*Kind, upload.ALTERED, "unknown-token", "unknown-key", "gap", "full", "bad-digest"])
def test_the_page_has_the_words(word: str) -> None:
    assert f"`{word}`" in PAGE
