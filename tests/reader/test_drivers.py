"""Readers by name: built in, plugged in, unknown, broken."""

import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from reader.drivers import BUILT_IN, GROUP, BrokenDriver, UnknownReader, check_name, frame_port, plugged
from reader.nfcpy_port import NfcpyPort
from reader.port import CardLost, Health, NoCard, ReaderFault, ReaderMissing, opened
from reader.watchdog import WatchedPort
from tests.reader.plugged import IDLE_READER, plug_in


@pytest.mark.parametrize("spec", ["usb", "usb:054c:06c3", "tty:/dev/ttyAMA0"])
def test_built_in_readers_come_closed_and_bear_their_name(spec: str) -> None:
    port = frame_port(spec)
    assert port.name == spec
    assert isinstance(port.health(), ReaderFault)
    check_name(spec)


def test_a_line_without_a_path_is_missing() -> None:
    with pytest.raises(ReaderMissing, match="tty:PATH, as in tty:/dev/ttyAMA0"):
        frame_port("tty:")


def test_a_reader_plugged_in_is_asked_for_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, tmp_path, "idle", IDLE_READER)
    port = opened(frame_port("idle:at:home"))
    assert port.poll((0x88B4,)) == NoCard()
    assert port.health() == Health("idle at:home")
    check_name("idle")
    assert ("idle", "farebox-reader-idle 1.0") in plugged()


def test_a_plug_in_can_not_take_a_built_in_readers_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, tmp_path, "usb", "raise RuntimeError('loaded')")
    assert isinstance(frame_port("usb"), NfcpyPort)


@pytest.mark.parametrize("spec", ["bluetooth", "bluetooth:1", "", ":", "USB", "usb0"])
def test_an_unknown_name_says_which_are_known(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, tmp_path, "idle", "raise RuntimeError('loaded')")
    name = re.escape(repr(spec.partition(":")[0]))
    for ask in (frame_port, check_name):
        with pytest.raises(UnknownReader, match=rf"no reader is named {name}; known: usb, .*tty:PATH, idle"):
            ask(spec)


BROKEN = {
    "no such module": ("", "farebox_reader_nowhere:port", "ModuleNotFoundError"),
    "no such function": ("", "", "AttributeError.*port"),
    "an import that fails": ("import no_such_library", "", "ModuleNotFoundError No module named 'no_such_library'"),
    "a module that raises": ("raise OSError('no firmware')", "", "OSError no firmware"),
    "not callable": ("port = 5", "", "TypeError"),
    "a call that raises": ("def port(rest): raise ValueError(rest)", "", "ValueError here"),
    "no port at all": ("def port(rest): return None", "", "NoneType, which is no frame port: it lacks open, poll"),
    "a port without a name": (IDLE_READER + "port = lambda rest: type('P', (Idle,), {'__init__': lambda s: None})()",
                              "", "lacks name"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "value", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plug_in_is_named(
    source: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, tmp_path, "broken", source, value)
    monkeypatch.delitem(sys.modules, "farebox_reader_broken", raising=False)
    with pytest.raises(BrokenDriver, match=says) as caught:
        frame_port("broken:here")
    assert "farebox-reader-broken 1.0" in str(caught.value)


def test_what_a_plug_in_says_is_missing_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from reader.port import ReaderMissing\ndef port(rest): raise ReaderMissing('idle: name a shelf')"
    plug_in(monkeypatch, tmp_path, "shelf", source)
    with pytest.raises(ReaderMissing, match=r"^idle: name a shelf$"):
        frame_port("shelf:")


def test_two_packages_with_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, tmp_path / "a", "twin", IDLE_READER)
    (tmp_path / "b" / "other-2.0.dist-info").mkdir(parents=True)
    for file, text in (
        ("METADATA", "Name: other\nVersion: 2.0\n"),
        ("entry_points.txt", "[farebox.readers]\ntwin=o:p"),
    ):
        (tmp_path / "b" / "other-2.0.dist-info" / file).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "b"))
    with pytest.raises(BrokenDriver, match=r"other 2\.0 and farebox-reader-twin 1\.0 both bring"):
        frame_port("twin:")


def test_a_package_with_a_damaged_list_of_entry_points_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, tmp_path, "idle", IDLE_READER)
    (tmp_path / "farebox_reader_idle-1.0.dist-info" / "entry_points.txt").write_text("[farebox.readers]\nidle\n")
    for ask in (lambda: frame_port("idle:"), lambda: check_name("other"), plugged):
        with pytest.raises(BrokenDriver, match=r"entry_points\.txt of farebox-reader-idle is damaged .*reinstall"):
            ask()
    assert frame_port("usb").name == "usb"


def test_a_name_is_known_without_loading_any_driver() -> None:
    code = (
        "import sys, reader.drivers as d; d.check_name('tty:/dev/x'); "
        "print(sorted({'nfc', 'usb1', 'serial', 'importlib.metadata'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


GUIDE = (Path(__file__).parents[2] / "docs" / "readers.md").read_text("utf-8")


def test_every_built_in_reader_is_in_the_guide() -> None:
    assert [name for name in BUILT_IN if f"`{name}" not in GUIDE] == []


def test_the_guides_driver_works_as_it_stands_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code and its entry point, in a process of its own."""
    (source,) = re.findall(r"```python\n(.+?)```", GUIDE, re.DOTALL)
    (project,) = re.findall(r"```toml\n(.+?)```", GUIDE, re.DOTALL)
    ((name, value),) = tomllib.loads(project)["project"]["entry-points"][GROUP].items()
    plug_in(monkeypatch, tmp_path, name, source, value)
    port = opened(WatchedPort("empty:top"), time.monotonic() + 60)
    assert port.health() == Health("empty (模擬)")
    assert port.poll((0x88B4,), time.monotonic() + 0.01) == NoCard()
    assert port.transceive(b"\x02\x00", 0.01) == CardLost()
    assert port.field_off() is None
    port.close()
    here = frame_port("empty:top")
    for outcome in (here.poll((1,)), here.transceive(b"\x02\x00", 0.01), here.field_off(), here.health()):
        assert outcome == ReaderFault("empty:top", "not open")
    with pytest.raises(ReaderMissing, match="write empty:SHELF"):
        frame_port("empty:")
