"""The tests through a real pcscd run where they are asked for by their mark (make test-pcsc), and nowhere else."""

from collections.abc import Iterator

import pytest

from tests.pcsc.daemon import Daemon, NoticedField, running_pcscd, virtual_reader


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselected, so that nothing ever counts as skipped."""
    if "pcsc" in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("pcsc")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("pcsc")]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running_pcscd(tmp_path_factory.mktemp("pcscd")) as running:
        yield running


@pytest.fixture
def noticed(daemon: Daemon) -> Iterator[NoticedField]:
    """The field in front of pcscd's virtual reader."""
    with virtual_reader(daemon) as field:
        yield field
