"""Settings and fixtures that every test shares."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from farebox.slips.picture import FONTS

# Machines are noisy, so no example has a deadline. CI must give the same answer each time it runs.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# Tests started in the background are made to ignore Ctrl-C by the shell, and so would be whatever they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
# pytest-xdist sets it for its workers; a test that asks for a width says so itself.
os.environ.pop("COLUMNS", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests out where there is no data or no font: deselected, so that nothing ever counts as skipped."""
    there = {"data": bool(os.environ.get("FAREBOX_DATA")), "font": any(path.is_file() for path in FONTS)}
    missing = [name for name, is_there in there.items() if not is_there]
    left_out = [item for item in items if any(map(item.get_closest_marker, missing))]
    if left_out:
        items[:] = [item for item in items if not any(map(item.get_closest_marker, missing))]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of third-party data. A test that needs it fails without it; it is never skipped."""
    named = os.environ.get("FAREBOX_DATA")
    if not named:
        pytest.fail("FAREBOX_DATA is not set; a test that needs it must be marked `data`", pytrace=False)
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.fail(f"FAREBOX_DATA is not a folder: {folder}", pytrace=False)
    return folder
