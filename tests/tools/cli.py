"""The command line as a user runs it, in this process: arguments in, exit code and output out."""

import sys
from typing import NamedTuple

import pytest

from tools.entry import main


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: object) -> Ran:
    """Run `farebox ARGS`."""
    monkeypatch.setattr(sys, "argv", ["farebox", *map(str, args)])
    with pytest.raises(SystemExit) as exited:
        main()
    said = capsys.readouterr()
    code = exited.value.code
    return Ran(int(code) if code else 0, said.out, said.err)
