"""Where `farebox` begins. The terminal's own way in is short: it runs for days, and holds no command line in memory.

farebox run --config FILE      the service, and nothing else loaded
farebox …                      every other command, by tools.cli
"""

import sys
from pathlib import Path
from typing import NoReturn

_WORDS = ["run", "--config"]


def main() -> None:
    """Run the service, or hand over to the command line; a fault of either ends alike."""
    if sys.argv[1:3] != _WORDS or len(sys.argv) != len(_WORDS) + 2:
        from tools import cli

        cli.main()
        return
    try:
        _serve(Path(sys.argv[3]))
    except Exception as fault:
        _end(fault)


def _serve(config: Path) -> None:
    from farebox.config import load
    from tools.service import run_service

    run_service(load(config))


def _end(fault: Exception) -> NoReturn:
    """As the command line ends: one line, and an exit code."""
    from tools import cli

    def failed() -> None:
        raise fault

    cli.ended(failed)


if __name__ == "__main__":
    main()
