"""The contract of every frame port, held against the PC/SC port over a fake of PC/SC's calls: no service needed."""

from collections.abc import Iterator

import pytest

from reader.pcsc_port import PcscPort
from reader.transparent import Dialect
from sim.hardware.pcsc import ContactlessReader, SensedField
from tests.contract.rigs import Rig
from tests.contract.test_frame_port import *  # noqa: F403
from tests.pcsc.fake_scard import FakeScard

READER = "Contactless Reader (模擬) 00 00"


# In place of the contract's own.
@pytest.fixture(params=Dialect, ids=lambda dialect: dialect.name.lower())  # type: ignore[no-redef]
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    field = SensedField()
    scard = FakeScard({READER: ContactlessReader(field, request.param)})
    port = PcscPort(load=lambda: scard)
    yield Rig(port, field, "pcsc", READER)
    port.close()
    assert not scard.cards
    assert not scard.contexts
