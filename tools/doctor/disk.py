"""The disk under the journal: how long a flush takes there, how much room there is, what a card tells of its wear.

A flush is the floor of every tap. It is measured in a file of its own beside the journal, written in place and flushed
as the journal does, and deleted again.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from farebox.peripherals.finding import Finding, Level
from tools.doctor.machine import Machine

FLUSHES = 60
RECORD_BYTES = 300
"""About what one tap writes."""
_ROOM_BYTES = 1 << 20
SLOW_MS, TOO_SLOW_MS = 50.0, 400.0
LITTLE_BYTES, TOO_LITTLE_BYTES = 1 << 30, 100 << 20


class Flushes(NamedTuple):
    """How long they took, in milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


def measure(folder: Path, progress: Callable[[int], None], clock: Callable[[], float] = time.perf_counter) -> Flushes:
    """Write and flush some records, one after the other. Raises OSError."""
    times_ms = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        os.posix_fallocate(file.fileno(), 0, _ROOM_BYTES)
        os.fsync(file.fileno())
        for number in range(FLUSHES):
            began = clock()
            os.pwrite(file.fileno(), bytes(RECORD_BYTES), number * RECORD_BYTES)
            os.fdatasync(file.fileno())
            times_ms.append((clock() - began) * 1_000)
            progress(number + 1)
    hundredths = statistics.quantiles(times_ms, n=100, method="inclusive")
    return Flushes(hundredths[49], hundredths[94], hundredths[98])


def judge_flushes(folder: Path, flushes: Flushes) -> Finding:
    """A tap is to take less than half a second in all."""
    times = f"p50 / p95 / p99 {flushes.p50_ms:.1f} / {flushes.p95_ms:.1f} / {flushes.p99_ms:.1f} ms"
    text = (f"書込の確定 {times}", f"a flush takes {times}")
    if flushes.p99_ms <= SLOW_MS:
        return Finding(Level.OK, "flush", str(folder), text)
    return Finding(
        Level.FAIL if flushes.p99_ms > TOO_SLOW_MS else Level.NOTE,
        "flush",
        str(folder),
        text,
        (
            "産業用 SD カードか SSD に替え、ほかの書込を止めます（タッチごとに1回待ちます）",
            "use an industrial SD card or an SSD, and stop what else writes there: each tap waits for one",
        ),
    )


def judge_room(folder: Path) -> Finding:
    """Free room on the journal's disk."""
    disk = os.statvfs(folder)
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    text = (f"空き {free / 1e9:.1f} / {whole / 1e9:.1f} GB", f"{free / 1e9:.1f} of {whole / 1e9:.1f} GB free")
    if free >= LITTLE_BYTES:
        return Finding(Level.OK, "room", str(folder), text)
    return Finding(
        Level.FAIL if free < TOO_LITTLE_BYTES else Level.NOTE,
        "room",
        str(folder),
        text,
        (
            "送信済みか確認し（farebox exchange once）、不要なものを移します",
            "see that segments leave (farebox exchange once), and move other things away",
        ),
    )


def wear(folder: Path, machine: Machine) -> Iterator[Finding]:
    """What is known of the wear of an SD card or eMMC; of other disks smartctl tells."""
    device = folder.stat().st_dev
    block = machine.path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    name = next((part for part in reversed(block.parts) if part.startswith("mmcblk") and "p" not in part), None)
    if name is None:
        return
    about = f"/dev/{name}"
    life = machine.text(f"/sys/block/{name}/device/life_time").split()
    if life:
        used = max(int(part, 16) for part in life) * 10
        text = (f"eMMC の寿命を約 {used}% 使用", f"about {used} % of the eMMC's life is used")
        fix = ("早めに交換します", "exchange it soon")
        yield Finding(Level.OK, "wear", about, text) if used < 80 else Finding(Level.NOTE, "wear", about, text, fix)
        return
    yield Finding(
        Level.NOTE,
        "wear",
        about,
        ("SD カードは消耗を知らせません", "an SD card does not tell its wear"),
        (
            "産業用カードを使い、ジャーナルは専用のパーティションに置き、毎年交換します",
            "use an industrial card, keep the journal on a partition of its own, exchange the card every year",
        ),
    )
