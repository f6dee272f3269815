"""`farebox console` and `farebox display`: which terminal, and in which language."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tools.console_command
from farebox.config import EXAMPLE
from tests.tools.cli import run


class Screen:
    """Stands for an app: writes down what it would show."""

    shown: list[tuple[Any, ...]]

    def __call__(self, *shown: Any) -> SimpleNamespace:
        self.shown.append(shown)
        return SimpleNamespace(run=lambda: None)

    def __init__(self) -> None:
        self.shown = []


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    for app in ("ConsoleApp", "DisplayApp"):
        monkeypatch.setattr(tools.console_command, app, screen)
    monkeypatch.setattr(tools.console_command, "ConsoleClient", str)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return screen


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (("console",), ("/run/farebox/console", "en")),
        (("console", "--socket", "/tmp/one", "--lang", "ja"), ("/tmp/one", "ja")),
        (("console", "--config", "FILE"), ("/tmp/bus", "ja")),
        (("console", "--config", "FILE", "--lang", "en"), ("/tmp/bus", "en")),
        (("display",), ("/run/farebox/console",)),
        (("display", "--config", "FILE"), ("/tmp/bus",)),
    ],
)
def test_the_socket_and_the_language_are_those_of_the_settings(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    screen: Screen,
    call: tuple[str, ...],
    shown: tuple[str, ...],
) -> None:
    path = tmp_path / "farebox.toml"
    path.write_text(EXAMPLE.replace("/run/farebox/console", "/tmp/bus"), "utf-8")
    ran = run(capsys, monkeypatch, *(word.replace("FILE", str(path)) for word in call))
    assert (ran.code, screen.shown) == (0, [shown]), ran.err


def test_a_socket_beside_the_settings_is_one_too_many(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = run(capsys, monkeypatch, "display", "--config", str(tmp_path / "x"), "--socket", "y")
    assert ran.code == 2 and "leave --socket out" in ran.err
