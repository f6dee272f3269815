"""The pictures in docs/screens are what the console shows."""

import sys

import pytest

from tests.tools.cli import run
from tools.console_screens import SCREENS, pages
from tools.exits import Exit


def test_the_pictures_in_the_docs_are_those_of_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # a shell that wants no colours makes no other pictures
    drawn = dict(pages())
    assert sorted(drawn) == sorted(SCREENS.glob("*.svg"))
    for path, svg in drawn.items():
        assert path.read_text("utf-8") == svg, f"{path.name} is out of date; run make docs"


@pytest.mark.parametrize("command", ["console", "display"])
def test_without_the_console_extra_what_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "textual"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "textual", None)
    for module in ("tools.console_command", "farebox.console.app", "farebox.console.display"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    ran = run(capsys, monkeypatch, command)
    assert ran.code == Exit.USAGE
    assert "textual is not installed; pip install 'farebox[console]'" in ran.err
