"""The service itself goes, and comes back: a module of its own, for no two pcscd run at a time."""

from pathlib import Path

import pytest

from reader.drivers import frame_port
from reader.felica import read_command
from reader.port import Polled, ReaderFault, opened
from tests.cardimage.accounts import IDM
from tests.pcsc.daemon import READER, running_pcscd, virtual_reader
from tests.pcsc.test_faults_through_pcscd import SYSTEM, a_card

pytestmark = pytest.mark.pcsc


def test_pcscd_ends_in_a_session_and_is_started_again(tmp_path: Path) -> None:
    port = frame_port(f"pcsc:{READER}")
    with running_pcscd(tmp_path) as first, virtual_reader(first) as field:
        opened(port)
        field.lay(a_card())
        assert isinstance(port.poll((SYSTEM,)), Polled)
        first.process.terminate()
        first.process.wait()
        for outcome in (port.transceive(read_command(IDM, (0x85,)), 0.05), port.health(), port.poll((SYSTEM,))):
            assert isinstance(outcome, ReaderFault)
            assert "start it" in outcome.what
    port.close()
    fault = port.open()
    assert fault is not None
    assert "systemctl start pcscd" in fault.what
    with running_pcscd(tmp_path) as second, virtual_reader(second) as field:
        assert port.open() is None
        field.lay(a_card())
        assert isinstance(port.poll((SYSTEM,)), Polled)
        port.close()
