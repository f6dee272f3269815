"""A process that taps for ever and says after each flush what it has been promised. Killed by its parent."""

import sys

from farebox.formats.journal import Outcome
from farebox.journal.log import open_journal
from tests.journal.examples import AT_S, intent


def main() -> None:
    journal = open_journal(sys.argv[1], chunk_bytes=1 << 16).journal
    while True:
        seq = journal.intend(intent(), AT_S)
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()
        journal.conclude(Outcome(seq, "written"), AT_S)


if __name__ == "__main__":
    main()
