"""docs/tariff_commands.md runs: outputs are compared, examples executed, the batch answered; words are whole."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from farebox.words import LINES, Language
from tariff.lines import Word
from tariff.products import Step
from tariff.refunds import Item
from tariff.refusal import Code
from tariff.riders import Handbook, RiderClass
from tariff.rulebook import Purse
from tests.tools.cli import run
from tools.cli import farebox
from tools.exits import Exit
from tools.tariff.command import tariff
from tools.tariff.words import HANDBOOKS, ITEMS, PURSES, REMEDIES, RIDERS, STEPS, big, detail_words, refusal_words, yen

DOCS = Path(__file__).parents[2] / "docs"
PAGE, JAPANESE = ((DOCS / name).read_text("utf-8") for name in ("tariff_commands.md", "tariff_commands.ja.md"))
OUTPUTS = re.findall(r"<!-- output: farebox (.+?) -->\n```text\n(.+?)```", PAGE + JAPANESE, re.DOTALL)
EXAMPLES = [line for block in re.findall(r"```sh\n(.+?)```", PAGE, re.DOTALL) for line in block.splitlines()]
BATCH_IN, BATCH_OUT = (
    re.search(rf"<!-- batch {way} -->\n```json\n(.+?)```", PAGE, re.DOTALL)[1]  # type: ignore[index]
    for way in ("in", "out")
)
HELP_NEEDS_MORE = ("my-gtfs-jp.zip", "rides.jsonl", "golden.jsonl", "2026.zip", "2026.xlsx", "new-operators")


@pytest.mark.parametrize(("command", "printed"), OUTPUTS)
def test_the_page_prints_what_the_command_prints(
    command: str, printed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = run(capsys, monkeypatch, *shlex.split(command))
    assert ran.code == Exit.OK
    out = "\n".join(line.rstrip() for line in ran.out.splitlines()) + "\n"
    assert out.startswith(printed.removesuffix("...\n")) if printed.endswith("...\n") else out == printed


def examples_of_help() -> list[str]:
    """The calls in the commands' own help."""
    found = []
    for name in ("quote", "price", "refund", "check", "diff"):
        said = CliRunner().invoke(farebox, ["tariff", name, "--help"]).stdout.replace("\\\n", " ")
        found += [line.strip() for line in said.splitlines() if line.strip().startswith("farebox tariff")]
    return [line.split(" | ")[0].split(" > ")[0] for line in found if not any(need in line for need in HELP_NEEDS_MORE)]


@pytest.mark.parametrize("example", [*EXAMPLES, *examples_of_help()])
def test_its_examples_run(example: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    ran = run(capsys, monkeypatch, *shlex.split(example)[1:])
    assert (ran.code, ran.err) == (Exit.OK, "")


def test_there_are_examples() -> None:
    assert len(OUTPUTS) >= 5 and len(EXAMPLES) >= 10 and len(examples_of_help()) >= 10


def test_its_batch_is_answered_as_it_says() -> None:
    ran = CliRunner().invoke(farebox, ["tariff", "quote", "--batch", "-"], input=BATCH_IN)
    assert ran.stdout == BATCH_OUT
    assert {json.loads(line)["kind"] for line in BATCH_IN.splitlines()} == {
        "ride",
        "price",
        "refund",
        "coupons",
        "card",
    }


def test_every_command_has_a_one_line_help_and_a_page() -> None:
    said = CliRunner().invoke(farebox, ["tariff", "--help"]).stdout
    for name in ("quote", "price", "refund", "check", "diff", "reprice"):
        assert name in tariff.list_commands(None)  # type: ignore[arg-type]
        assert re.search(rf"^  {name} +\S", said, re.MULTILINE)


def test_every_word_has_words() -> None:
    assert set(LINES) == set(Word)
    assert set(STEPS) == set(Step)
    assert set(ITEMS) == set(Item)
    assert set(RIDERS) == set(RiderClass)
    assert set(HANDBOOKS) == set(Handbook)
    assert set(PURSES) == {*map(str, Purse), "cash"}
    for both in (*STEPS.values(), *ITEMS.values(), *RIDERS.values(), *HANDBOOKS.values(), *REMEDIES.values()):
        assert all(both) and both[0] != both[1]


@pytest.mark.parametrize(
    "code",
    [
        Code.SHORT,
        Code.NO_FARE,
        Code.NOT_CONFIGURED,
        Code.NOT_SOLD,
        Code.NOT_ELIGIBLE,
        Code.NOT_CARRIED,
        Code.HOLDER_ONLY,
        Code.EXPIRED_CARD,
        Code.FOREIGN_CARD,
        Code.EXCLUDED_SERVICE,
        Code.OVER_CAP,
        Code.COUPON_REFUSED,
    ],
)
def test_what_a_desk_can_be_refused_has_a_remedy(code: Code) -> None:
    for language in Language:
        assert all(refusal_words(code, language))


def test_a_code_of_the_bus_alone_has_words_and_no_remedy() -> None:
    assert refusal_words(Code.BUSY, Language.EN) == ("busy with another card", "")


@pytest.mark.parametrize(
    ("detail", "ja", "en"),
    [
        ("infant ×3", "幼児 ×3", "infant ×3"),
        ("disabled-child", "障がい者・小児", "disabled child"),
        ("physical-1", "身体障害者手帳第1種", "physical, class 1"),
        ("day-cap", "1日の上限", "cap of the day"),
        ("磐城棚倉→新白河", "磐城棚倉→新白河", "磐城棚倉→新白河"),
        ("", "", ""),
    ],
)
def test_what_a_line_names(detail: str, ja: str, en: str) -> None:
    assert (detail_words(detail, Language.JA), detail_words(detail, Language.EN)) == (ja, en)


def test_amounts_are_read_at_a_glance() -> None:
    assert (yen(1_430, Language.JA), yen(1_430, Language.EN), yen(None, Language.EN)) == ("1,430円", "1,430 yen", "―")
    assert big(1_430, "円") == [
        "▀█    █ █ ▀▀█ █▀█",
        " █    ▀▀█  ▀█ █ █",
        "▀▀▀ ▞   ▀ ▀▀▀ ▀▀▀  円",
    ]
    assert {len(row) for row in big(1_234_567_890, "")} == {45, 47}
