"""A line from a vehicle's exchange into the centre, without a network: its requests, answered by Django itself.

The time is signed here too, with the centre's own key: that is the collector's part, and tried there.
"""

from collections.abc import Callable

from django.test import Client

from centre.keys import signing_seed
from farebox.exchange.answers import Answer
from farebox.exchange.line import Request
from farebox.formats.centre import Time, encode_time
from sim.centre import MemoryLine

NOW_S = 1_795_000_000
Fate = Callable[["CentreLine", Request], Answer]


class CentreLine:
    """Takes the place of `sim.centre.Centre` behind a `MemoryLine`."""

    def __init__(self) -> None:
        self.client = Client()
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        path, _, query = request.path.partition("?")
        if path == "time":
            return Answer(200, {}, encode_time(Time(bytes.fromhex(query[len("nonce=") :]), NOW_S), signing_seed()))
        if path == "status":
            return Answer(204, {}, b"")
        found = self.client.get(f"/bus/{path}", headers=dict(request.headers))
        return Answer(found.status_code, {name.lower(): value for name, value in found.headers.items()}, found.content)


__all__ = ["NOW_S", "CentreLine", "Fate", "MemoryLine"]
