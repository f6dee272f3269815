"""A process that taps for ever and says after each flush what it has been promised. Killed by its parent.

With a number after the journal's path, it seals its segment after every so many taps.
"""

import sys
from pathlib import Path

from farebox.formats.journal import Outcome
from farebox.journal.disk import FileDisk
from farebox.journal.log import open_journal, recover
from tests.journal.examples import AT_S, intent


def main() -> None:
    path, every = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    if every:
        journal = open_journal(Path(path), chunk_bytes=1 << 16).journal
    else:
        journal = recover(FileDisk(path), path, chunk_bytes=1 << 16).journal
    taps = 0
    while True:
        seq = journal.intend(intent(), AT_S)
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()
        journal.conclude(Outcome(seq, "written"), AT_S)
        taps += 1
        if every and taps % every == 0:
            journal.seal()


if __name__ == "__main__":
    main()
