"""A Debian in a folder, with the package in it: only where it is asked for by its mark (make test-deb)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deb.debian import Debian, unpacked
from tools.pi.deb import own_arch


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselected, so that nothing ever counts as skipped."""
    if "deb" in config.getoption("markexpr").split():
        return
    left_out = [item for item in items if item.get_closest_marker("deb")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("deb")]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """Fresh for each file of tests, whose tests use it one after the other."""
    with unpacked(tmp_path_factory.mktemp("debian")) as made:
        yield made


@pytest.fixture(scope="session")
def package() -> Path:
    """What `make deb` made just now, for this machine."""
    (made,) = (Path(__file__).parents[2] / "build").glob(f"farebox_*_{own_arch()}.deb")
    return made
