"""The contract of every frame port, held against the PC/SC port through pyscard, pcscd and vpcd: make test-pcsc."""

from collections.abc import Iterator

import pytest

from reader.drivers import frame_port
from tests.contract.rigs import Rig
from tests.contract.test_frame_port import *  # noqa: F403
from tests.pcsc.daemon import READER, NoticedField

pytestmark = pytest.mark.pcsc


# In place of the contract's own.
@pytest.fixture  # type: ignore[no-redef]
def rig(noticed: NoticedField) -> Iterator[Rig]:
    port = frame_port(f"pcsc:{READER}")
    yield Rig(port, noticed, f"pcsc:{READER}", READER)
    port.close()
