"""A vehicle's exchange with the environment's centre, in a process: python -m tests.centre.exchanged JOURNAL DUTIES

So many more duties are sealed first; then one session. Prints what came of it, and what the centre has booked, as JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

from django.test import Client

from farebox.bundles import BundleStore, signed_by
from farebox.exchange.answers import Answer
from farebox.exchange.line import Request
from farebox.exchange.session import Exchange
from farebox.formats import journal as j
from farebox.journal.log import open_journal
from farebox.journal.retention import open_archive
from sim.centre import MemoryLine
from tests.journal.examples import AT_S
from tools.centre.ready import centre_ready

TOKEN = "5e" * 32


class Line:
    """Requests, answered by the centre in this process."""

    def answer(self, request: Request) -> Answer:
        given = dict(request.headers)
        found = Client(SERVER_NAME="localhost").generic(
            request.method, f"/bus/{request.path}", request.body, headers=given
        )
        return Answer(found.status_code, {name.lower(): value for name, value in found.headers.items()}, found.content)


def seal(path: Path, duties: int) -> None:
    """So many more segments of a terminal that does nothing much."""
    journal = open_journal(path).journal
    for duty in range(duties):
        journal.append(j.Opened("BUS-7", "1", 0), AT_S)
        journal.append(j.TripEnded(f"T{duty}"), AT_S)
        journal.seal()
    journal.close()


def main(journal: Path, duties: int) -> None:
    """Seal, exchange, tell."""
    with centre_ready():
        from centre.collector.models import Segment, State  # noqa: PLC0415
        from centre.collector.work import work  # noqa: PLC0415
        from centre.keys import public_key  # noqa: PLC0415

        seal(journal, duties)
        store = BundleStore(journal.with_name("bundles"), signed_by([public_key()]))
        exchange = Exchange(
            lambda: MemoryLine(Line()),  # type: ignore[arg-type]
            *(open_archive(journal), store, journal.with_name("bundles"), [public_key()], TOKEN),
            *(os.urandom, time.monotonic),
        )
        report = exchange.once()
        work(int(time.time()))
        booked = Segment.objects.filter(state=State.BOOKED).order_by("number").values_list("number", flat=True)
        print(json.dumps({"sent": [each.number for each in report.segments.sent], "booked": list(booked)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
