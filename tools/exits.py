"""Exit codes, and which fault leads to which. docs/operations/exit_codes.md explains them; a test holds both equal."""

from enum import IntEnum

from cardimage.image import ImageFault
from cardimage.layout.bits import LayoutFault
from centre.faults import CentreBroken, CentreFault
from farebox.config import ConfigBroken
from farebox.console.protocol import ProtocolFault
from farebox.console.server import SocketTaken
from farebox.exchange.faults import ExchangeFault
from farebox.feed import FeedFault, FeedMissing, RegisterFault, UnknownRoute
from farebox.feed.operators import OperatorFault
from farebox.journal.errors import JournalFault
from reader.keys import KeyStoreFault
from reader.port import ReaderMissing, TraceFault
from sim.faults.files import StepsBroken
from sim.run_faults import OtherRun, RunFault
from sim.scenario.faults import ScenarioBroken
from tariff.fares import TariffFault


class Exit(IntEnum):
    """What the shell sees. The numbers from 64 up are those of BSD's sysexits.h."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    NO_READER = 69
    INTERNAL = 70
    IO = 74
    CONFIGURATION = 78
    INTERRUPTED = 130


FAULTS: tuple[tuple[type[Exception], Exit], ...] = (
    (UnknownRoute, Exit.USAGE),
    (LayoutFault, Exit.USAGE),
    (OtherRun, Exit.USAGE),
    (ReaderMissing, Exit.NO_READER),
    (FeedMissing, Exit.IO),
    (ImageFault, Exit.IO),
    (TraceFault, Exit.IO),
    (JournalFault, Exit.IO),
    (ExchangeFault, Exit.IO),
    (RunFault, Exit.IO),
    (CentreBroken, Exit.CONFIGURATION),
    (CentreFault, Exit.IO),
    (OSError, Exit.IO),
    (SocketTaken, Exit.IO),
    (ProtocolFault, Exit.IO),
    (ConfigBroken, Exit.CONFIGURATION),
    (FeedFault, Exit.CONFIGURATION),
    (RegisterFault, Exit.CONFIGURATION),
    (OperatorFault, Exit.CONFIGURATION),
    (KeyStoreFault, Exit.CONFIGURATION),
    (TariffFault, Exit.CONFIGURATION),
    (ScenarioBroken, Exit.CONFIGURATION),
    (StepsBroken, Exit.CONFIGURATION),
)
"""Faults a user can do something about, most particular first. Anything else is ours."""


class CheckFailed(Exception):
    """A check that the command was asked for did not hold."""


def exit_of(error: Exception) -> Exit:
    """The exit code of a fault."""
    if isinstance(error, CheckFailed):
        return Exit.CHECK_FAILED
    return next((code for kind, code in FAULTS if isinstance(error, kind)), Exit.INTERNAL)


def message_of(error: Exception) -> str:
    """What the user reads: what, where, what to do. Never a traceback."""
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}; check the path, its rights and the free space"
    if exit_of(error) is Exit.INTERNAL:
        kind = type(error).__name__
        return f"internal fault ({kind}: {error}); run again with FAREBOX_DEBUG=1 and report what it prints"
    return str(error)
