"""`python -m tests.fuzz.one NAME CORPUS... -OPTION...`: one target under atheris, which ends the process."""

import sys

import atheris

with atheris.instrument_imports(include=["cardimage", "reader", "farebox", "tariff"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        """Its own faults are its answer; anything else ends the run."""
        try:
            target.run(data)
        except target.faults:
            return

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
