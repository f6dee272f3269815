"""docs/peripherals.md against the code: pins, signals, pictures of slips."""

import re
from pathlib import Path

import pytest
from PIL import Image

from farebox.peripherals.gpio import InputPins, OutputPins
from farebox.peripherals.meaning import Meaning
from farebox.peripherals.sounds_and_lamps import SIGNALS, Lamp, Signal
from farebox.slips.layout import laid_out
from farebox.slips.picture import COLUMN_PX, drawn, font_path
from tools.slip_pictures import COLUMNS, FOLDER, slips

PAGE = (Path(__file__).parents[1] / "docs" / "peripherals.md").read_text("utf-8")


def rows(first_column: str) -> list[list[str]]:
    """The rows of the table whose first column has this name."""
    table = PAGE.partition(f"| {first_column} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_the_wiring_table_has_the_pins_that_are_configured_by_default() -> None:
    told = {row[0].strip("`"): row[1] for row in rows("setting")}
    pins = {**OutputPins()._asdict(), **InputPins()._asdict()}
    wanted = {name: str(value) for name, value in pins.items() if type(value) is int and name != "pulses_per_km"}
    assert told == wanted
    others = {name: value for name, value in pins.items() if name not in wanted}
    for name, value in others.items():
        shown = f"{value:,}" if type(value) is int else str(value).lower()
        assert f"`{name}` ({shown})" in PAGE, name


def test_gen_14_every_signal_is_explained_as_it_sounds_and_looks() -> None:
    told = {row[0].strip("`"): (row[1], row[2]) for row in rows("signal")}
    assert told == {meaning.value: _as_told(meaning) for meaning in Meaning}


def _as_told(meaning: Meaning) -> tuple[str, str]:
    sounds = ["pi" if step.shown.tone_hz > 1_000 else "pii" for step in Signal(meaning).steps if step.shown.tone_hz]
    lit = SIGNALS[meaning][0].shown.lamps
    flashes = any(not step.shown.lamps for step in SIGNALS[meaning])
    lamps = " and ".join(lamp.value for lamp in Lamp if lamp in lit)
    return " ".join(sounds), lamps + (", flashing" if flashes else "")


def test_every_picture_of_a_slip_is_shown_and_is_as_large_as_the_slip() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(slips())
    assert set(re.findall(r"\(slips/([^)]+)\)", PAGE)) == set(slips())
    for name, slip in slips().items():
        lines = laid_out(slip, COLUMNS)
        with Image.open(FOLDER / name) as picture:
            assert picture.size == (COLUMNS * COLUMN_PX, 32 + sum(60 if line.large else 30 for line in lines)), name


@pytest.mark.font
@pytest.mark.parametrize("name", slips())
def test_the_pictures_are_fresh(name: str) -> None:
    fresh = drawn(laid_out(slips()[name], COLUMNS), COLUMNS, font_path())
    with Image.open(FOLDER / name) as picture:
        ink = picture.convert("1").point(lambda dot: 255 - dot)
    there = Image.frombytes("1", (fresh.width_px, fresh.height_px), fresh.dots)
    # Another version of FreeType may set some dots elsewhere.
    differing = sum(a != b for a, b in zip(ink.tobytes(), there.tobytes(), strict=True))
    assert differing < len(fresh.dots) // 50, "run python -m tools.slip_pictures"
