"""Runs a command under a unit's filter of system calls, as systemd would.

    python -m tests.tools.under_filter UNIT COMMAND…

Where it says MemoryDenyWriteExecute=, that is forbidden too: memory that is written and run.
"""

import ctypes
import errno
import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000 | errno.EPERM
_MASKED_EQUAL = 7
_PROT = 2
"""The argument of mmap, mprotect and pkey_mprotect that says what the memory may be used for."""


class _Compare(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


@cache
def calls_in(group: str) -> frozenset[str]:
    """The system calls of one of systemd's sets, or the one that is named."""
    if not group.startswith("@"):
        return frozenset({group})
    told = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True)
    names = [line.strip() for line in told.stdout.splitlines()[1:]]
    return frozenset().union(*(calls_in(name) for name in names if name and not name.startswith("#")))


def allowed(unit: Path) -> frozenset[str]:
    """What a unit's lines come to, in their order: the first is a list of what is allowed."""
    found: frozenset[str] = calls_in("@default")
    for line in unit.read_text("utf-8").splitlines():
        if line.startswith("SystemCallFilter="):
            said = line.partition("=")[2]
            named = frozenset().union(*map(calls_in, said.removeprefix("~").split()))
            found = found - named if said.startswith("~") else found | named
    return found


def _rules(name: str, strict: bool) -> Iterator[tuple[_Compare, ...]]:
    writes, runs = (_Compare(_PROT, _MASKED_EQUAL, bit, 0) for bit in (mmap.PROT_WRITE, mmap.PROT_EXEC))
    if not strict:
        yield ()
    elif name in ("mmap", "mmap2"):
        yield (writes,)
        yield (runs,)
    elif name in ("mprotect", "pkey_mprotect"):
        yield (runs,)
    else:
        yield ()


def load(names: frozenset[str], *, strict: bool) -> None:
    """Allow these to this process and its children, and nothing else; `strict`: no memory to write and run."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(_ERRNO))
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        for compares in _rules(name, strict) if number >= 0 else ():
            row = (_Compare * len(compares))(*compares)
            if library.seccomp_rule_add_array(rules, ctypes.c_uint32(_ALLOW), number, len(compares), row) != 0:
                raise OSError(f"{name}: no rule can be made of it")
    if library.seccomp_load(rules) != 0:
        raise OSError("the filter can't be loaded")


def main() -> None:
    """Load the filter, then become the command."""
    unit, *command = sys.argv[1:]
    load(allowed(Path(unit)), strict="\nMemoryDenyWriteExecute=yes\n" in Path(unit).read_text("utf-8"))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
