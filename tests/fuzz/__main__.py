"""`python -m tests.fuzz [--seconds N] [NAME ...]`: look for inputs that break a parser, with atheris.

`python -m tests.fuzz NAME --replay FILE` feeds one input again, and shows what it does.

Each target runs in a process of its own, bounded in time, memory and the time of one input. What breaks it is kept in
build/fuzz/ and named; it fails the run. The corpus found is kept there too, to go on from, and is not committed.
"""

import argparse
import io
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple, NoReturn

import atheris

# It tells of every module.
with (
    redirect_stderr(io.StringIO()),
    atheris.instrument_imports(include=["cardimage", "reader", "farebox", "tariff", "tools", "nfc.clf"]),
):
    # Once for all targets: it takes longer than a short run of one.
    from tests.fuzz.targets import TARGETS

_ONE_INPUT_S = 10
_MEMORY_MB = 1_024
_LEAST_LONGEST_BYTES = 16_384
_SLOW_S = 0.1
_SLOW = "slow input, seconds: "
_SHOWN_LINES = 30
BUILD = Path("build/fuzz")


class Run(NamedTuple):
    """How one target's run went: `slowest_s` of one input, 0.0 if none was slow; `said` by libFuzzer, line by line."""

    held: bool
    inputs: int
    slowest_s: float
    said: Sequence[str]


def main() -> int:
    """Run the targets one after another; 1 if any was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations (default: %(default)s)")
    parser.add_argument("names", nargs="*", choices=[[], *TARGETS], metavar="NAME", help="all, if none is given")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="feed this find to the targets, and nothing else")
    asked = parser.parse_args()
    names = asked.names or list(TARGETS)
    if asked.replay:
        for name in names:
            TARGETS[name].fed(asked.replay.read_bytes())
        return 0
    BUILD.mkdir(parents=True, exist_ok=True)
    print(f"{len(names)} targets, {asked.seconds} s each; finds and slow inputs go to {BUILD}/", flush=True)
    broken = []
    for number, name in enumerate(names, 1):
        print(f"{number:>2}/{len(names)} {name:<22} ", end="", flush=True)
        run = _run(name, asked.seconds, asked.seed)
        print(_told(name, run), flush=True)
        if not run.held:
            broken.append(name)
    print(f"{len(names) - len(broken)} held, {len(broken)} broken{': ' * bool(broken)}{', '.join(broken)}")
    return 1 if broken else 0


def _told(name: str, run: Run) -> str:
    """One line for a target that held; what broke it, and how to see it again, for one that did not."""
    slow = f", slowest {run.slowest_s:.1f} s: {_slowest(name)}" if run.slowest_s else ""
    if run.held:
        return f"{run.inputs:>9,} inputs, held{slow}"
    starts = (at for at, line in enumerate(run.said) if "Uncaught Python exception" in line or "ERROR:" in line)
    start = next(starts, max(len(run.said) - _SHOWN_LINES, 0))
    found = next((match[1] for line in run.said if (match := re.search(r"Test unit written to (\S+)", line))), None)
    replay = f"\nreplay: python -m tests.fuzz {name} --replay {found}" if found else ""
    return "\n".join(("BROKEN", *run.said[start : start + _SHOWN_LINES])) + replay


def _run(name: str, seconds: int, seed: int) -> Run:
    """One target in a process of its own."""
    corpus, log = BUILD / "corpus" / name, BUILD / f"{name}.log"
    corpus.mkdir(parents=True, exist_ok=True)
    _slowest(name).unlink(missing_ok=True)
    seeds = TARGETS[name].seeds
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(one)
        options = [
            *(f"-max_total_time={seconds}", f"-timeout={_ONE_INPUT_S}", f"-rss_limit_mb={_MEMORY_MB}"),
            *(f"-max_len={max(_LEAST_LONGEST_BYTES, *map(len, seeds))}", f"-seed={seed}"),
            *(f"-artifact_prefix={BUILD}/{name}-", "-print_final_stats=1", "-verbosity=0"),
        ]
        if (pid := os.fork()) == 0:
            _fuzz(name, [str(corpus), folder, *options], log)
        _, status = os.waitpid(pid, 0)
    said = log.read_text("utf-8", "replace").splitlines()
    counts = (int(line.split()[-1]) for line in said if "number_of_executed_units" in line)
    times = [float(line.removeprefix(_SLOW)) for line in said if line.startswith(_SLOW)]
    return Run(status == 0, next(counts, 0), max(times, default=0.0), said)


def _fuzz(name: str, options: Sequence[str], log: Path) -> NoReturn:
    """In the child: never comes back."""
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    atheris.Setup([name, *options], _timed(name))
    atheris.Fuzz()
    os._exit(0)


def _timed(name: str) -> Callable[[bytes], None]:
    """The target, which keeps its slowest input and says how long it took."""
    slowest_s = _SLOW_S

    def fed(data: bytes) -> None:
        nonlocal slowest_s
        began_s = time.perf_counter()
        TARGETS[name].fed(data)
        took_s = time.perf_counter() - began_s
        if took_s > slowest_s:
            slowest_s = took_s
            _slowest(name).write_bytes(data)
            print(f"{_SLOW}{took_s:.3f}", flush=True)

    return fed


def _slowest(name: str) -> Path:
    return BUILD / f"{name}-slowest"


if __name__ == "__main__":
    sys.exit(main())
