"""`python -m tests.fuzz [--seconds N] [NAME ...]`: look for inputs that break a parser, with atheris.

Each target runs in a process of its own, bounded in time, memory and the time of one input. What breaks it is kept in
build/fuzz/ and named; it fails the run. The corpus found is kept there too, to go on from, and is not committed.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS

_ONE_INPUT_S = 10
_MEMORY_MB = 1_024
_LONGEST_BYTES = 16_384
BUILD = Path("build/fuzz")


def main() -> int:
    """Run the targets one after another; 1 if any was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations (default: %(default)s)")
    parser.add_argument("names", nargs="*", choices=[[], *TARGETS], metavar="NAME", help="all, if none is given")
    asked = parser.parse_args()
    names = asked.names or list(TARGETS)
    broken = [name for number, name in enumerate(names, 1) if not _run(name, asked, f"{number}/{len(names)}")]
    print(
        f"{len(names) - len(broken)} targets held, {len(broken)} broken" + (f": {', '.join(broken)}" if broken else "")
    )
    return 1 if broken else 0


def _run(name: str, asked: argparse.Namespace, place: str) -> bool:
    """One target in a process of its own: whether it held."""
    corpus = BUILD / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(seeds) / str(number)).write_bytes(seed)
        command = [
            *(sys.executable, "-m", "tests.fuzz.one", name, str(corpus), seeds),
            *(f"-max_total_time={asked.seconds}", f"-timeout={_ONE_INPUT_S}", f"-rss_limit_mb={_MEMORY_MB}"),
            *(f"-max_len={_LONGEST_BYTES}", f"-seed={asked.seed}", f"-artifact_prefix={BUILD}/{name}-"),
            *("-print_final_stats=1", "-verbosity=0"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    told = done.stderr.splitlines() + done.stdout.splitlines()
    runs = next((line.split()[-1] for line in told if "number_of_executed_units" in line), "?")
    print(f"{place} {name}: {runs} inputs, {'held' if done.returncode == 0 else 'BROKEN'}", flush=True)
    if done.returncode:
        print("\n".join(told[-30:]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
