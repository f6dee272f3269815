"""What testers may ask for: answers that get lost, notices held, doubled and shuffled, time that passes."""

from sim.payments.cards import Behaviour
from sim.payments.notices import Notices
from sim.payments.service import Refused, Service
from sim.payments.store import Store
from sim.payments.web import Request, Response, Routes, as_json

COUNTERS = ("lose_answers", "busy")
"""How many of the next charges lose their answer; how many of the next requests are answered with 503."""
SWITCHES = ("hold_notices", "double_notices", "shuffle_notices")


class Control:
    """The wishes, kept in the database."""

    def __init__(self, store: Store) -> None:
        """As they were left."""
        self._store = store

    def get(self, name: str) -> int:
        """How it stands; 0 at first."""
        found = self._store.rows("SELECT value FROM control WHERE name = ?", name)
        return int(found[0][0]) if found else 0

    def put(self, name: str, value: int) -> None:
        """Wish. Raises Refused."""
        if name not in COUNTERS + SWITCHES or not 0 <= value <= 1_000:
            raise Refused("bad-control")
        self._store.rows("INSERT INTO control VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                         name, value)  # fmt: skip

    def take(self, name: str) -> bool:
        """One off a counter; whether there was one."""
        changed = "UPDATE control SET value = value - 1 WHERE name = ? AND value > 0 RETURNING value"
        return bool(self._store.rows(changed, name))


def control_routes(service: Service, control: Control, notices: Notices) -> Routes:
    """The same in JSON, for tests."""

    def put(request: Request) -> Response:
        for name, value in request.json().items():
            control.put(name, value)
        return as_json(200, {name: control.get(name) for name in COUNTERS + SWITCHES})

    def behave(request: Request, token: str) -> Response:
        service.behave(token, Behaviour(request.json()["behaviour"]))
        return as_json(200, service.card(token)._asdict())

    def process(_request: Request) -> Response:
        return as_json(200, {"processed": service.process()})

    def forget_keys(_request: Request) -> Response:
        service.forget_keys()
        return as_json(200, {})

    def signed(_request: Request) -> Response:
        return as_json(200, {"notices": [{"event": one.id, "body": one.body, "signature": notices.sign(one.body)}
                                         for one in notices.events()]})  # fmt: skip

    def deliver(request: Request) -> Response:
        return as_json(200, {"answers": [notices.deliver(name) for name in request.json()["events"]]})

    def books(_request: Request) -> Response:
        columns = "reference, yen, refunded_yen, state"
        rows = service.store.rows(f"SELECT {columns} FROM payments ORDER BY rowid")
        return as_json(200, {"payments": [dict(zip(columns.split(", "), row, strict=True)) for row in rows]})

    routes = Routes()
    routes.add("POST", "/control/wishes", put)
    routes.add("POST", "/control/cards/{}", behave)
    routes.add("POST", "/control/process", process)
    routes.add("POST", "/control/forget-keys", forget_keys)
    routes.add("POST", "/control/deliver", deliver)
    routes.add("GET", "/control/notices", signed)
    routes.add("GET", "/control/books", books)
    return routes
