"""Readers by name: `usb`, `usb:054c:06c3`, `tty:/dev/ttyAMA0`, `pcsc:RC-S300`, or NAME[:REST] of a plug-in.

A plug-in is a package with an entry point of the group `farebox.readers`: a callable that takes REST and gives a closed
frame port. docs/readers.md tells how to write one. Drivers are imported when they are asked for, and no sooner.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from reader.port import FramePort, ReaderMissing

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

GROUP = "farebox.readers"
_PORT_METHODS = ("open", "poll", "transceive", "field_off", "health", "close")

Driver = Callable[[str], FramePort]
"""What follows the name and its colon -> a port, closed. Raises ReaderMissing if REST makes no sense."""


class UnknownReader(ReaderMissing):
    """No driver has this name, built in or plugged in."""


class BrokenDriver(ReaderMissing):
    """A plug-in is there, but can't be loaded, or does not give a frame port."""


def _usb(rest: str) -> FramePort:
    from reader.nfcpy_port import usb_port  # noqa: PLC0415

    return usb_port(rest)


def _tty(rest: str) -> FramePort:
    from reader.nfcpy_port import tty_port  # noqa: PLC0415
    from reader.serial_speed import AnySpeed, slow_down  # noqa: PLC0415

    if not rest:
        raise ReaderMissing("tty: names no device; write tty:PATH, as in tty:/dev/ttyAMA0")
    return AnySpeed(tty_port(rest), lambda: slow_down(rest))


def _pcsc(rest: str) -> FramePort:
    from reader.pcsc_port import PcscPort  # noqa: PLC0415

    return PcscPort(rest)


BUILT_IN: dict[str, Driver] = {"usb": _usb, "pcsc": _pcsc, "tty": _tty}
FORMS = ("usb", "usb:VENDOR:PRODUCT", "pcsc", "pcsc:PART OF ITS NAME", "tty:PATH")
"""How the readers of the built-in drivers are named."""


def frame_port(spec: str) -> FramePort:
    """The closed port of a reader by its name. Raises ReaderMissing, which says what to do."""
    name, _, rest = spec.partition(":")
    built_in = BUILT_IN.get(name)
    return built_in(rest) if built_in else _plugged(_entry(name), rest)


def check_name(spec: str) -> None:
    """Raise UnknownReader if no driver has this name. Loads nothing."""
    name = spec.partition(":")[0]
    if name not in BUILT_IN:
        _entry(name)


def plugged() -> tuple[tuple[str, str], ...]:
    """The plug-ins: the name of each, and the package it comes from."""
    return tuple(sorted((entry.name, _origin(entry)) for entry in _entries()))


def _entry(name: str) -> "EntryPoint":
    found = tuple(entry for entry in _entries() if entry.name == name)
    if not found:
        known = ", ".join((*FORMS, *(entry.name for entry in _entries())))
        raise UnknownReader(f"no reader is named {name!r}; known: {known}; docs/readers.md tells how to add one")
    if len(found) > 1:
        origins = " and ".join(_origin(entry) for entry in found)
        raise BrokenDriver(f"{origins} both bring a reader named {name!r}; uninstall one of them")
    return found[0]


def _entries() -> "tuple[EntryPoint, ...]":
    """All plug-ins. One installed package whose list of entry points is damaged is enough, and none can be told."""
    # Some thirty modules, for plug-ins alone: a terminal with a built-in reader does without.
    from importlib.metadata import distributions, entry_points  # noqa: PLC0415

    try:
        return tuple(entry_points(group=GROUP))
    except Exception as error:  # importlib.metadata raises whatever a damaged file leads it to
        damaged = ", ".join(f"{package.name}" for package in distributions() if not _has_entry_points(package))
        raise BrokenDriver(
            f"entry_points.txt of {damaged or 'some installed package'} is damaged ({type(error).__name__} {error}); "
            "reinstall that package"
        ) from None


def _has_entry_points(package: "Distribution") -> bool:
    try:
        return package.entry_points is not None
    except Exception:
        return False


def _plugged(entry: "EntryPoint", rest: str) -> FramePort:
    where = f"the driver {entry.name!r} ({entry.value}, {_origin(entry)})"
    try:
        port = entry.load()(rest)
    except ReaderMissing:
        raise
    except Exception as error:  # the plug-in is others' code: whatever it raises, the user is told whose it is
        said = f"{type(error).__name__} {error}".strip()
        raise BrokenDriver(f"{where} can't be loaded: {said}; mend or reinstall that package") from None
    lacks = [method for method in _PORT_METHODS if not callable(getattr(port, method, None))]
    if lacks or not isinstance(getattr(port, "name", None), str):
        missing = ", ".join(lacks or ["name"])
        raise BrokenDriver(
            f"{where} gave a {type(port).__name__}, which is no frame port: it lacks {missing}; see docs/readers.md"
        )
    made: FramePort = port
    return made


def _origin(entry: "EntryPoint") -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"
