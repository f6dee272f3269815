"""Options that several commands share."""

import pytest

from tests.tools.cli import run
from tools.exits import Exit

WAITING = (
    ("card", "dump", "--reader", "trace:none", "-o", "none.nfc"),
    ("card", "issue", "--reader", "trace:none", "--operator", "lococa"),
    ("card", "rekey", "--reader", "trace:none"),
    ("card", "wipe", "--reader", "trace:none", "--yes"),
)


@pytest.mark.parametrize("command", WAITING, ids=lambda command: command[1])
@pytest.mark.parametrize(
    ("seconds", "code", "said"),
    [
        ("inf", Exit.USAGE, "not in the range 0<=x<=3600"),
        ("1e10", Exit.USAGE, "not in the range 0<=x<=3600"),
        ("-1", Exit.USAGE, "not in the range 0<=x<=3600"),
        ("nan", Exit.USAGE, "'nan' is not a number of seconds"),
        ("soon", Exit.USAGE, "'soon' is not a valid"),
        ("3600", Exit.IO, "none"),
        ("0", Exit.IO, "none"),
    ],
)
def test_nobody_waits_longer_than_an_hour_for_a_card(
    command: tuple[str, ...],
    seconds: str,
    code: Exit,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And nobody for ever; a time that is allowed gets as far as the reader, of which there is none."""
    ran = run(capsys, monkeypatch, *command, "--wait", seconds)
    assert ran.code == code and said in ran.err
