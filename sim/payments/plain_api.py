"""The service in plain JSON: what `centre.payments` speaks where nothing asks for another's shape."""

from typing import Any

from sim.payments.cards import Behaviour
from sim.payments.service import Refused, Service
from sim.payments.store import Payment, Visit
from sim.payments.web import Request, Response, Routes, as_json

STATUSES = {"not-found": 404, "not-open": 409}
OTHERS_STATUS = 422


class PlainApi:
    """Its answers."""

    def __init__(self, service: Service, page: str, late_s: float) -> None:
        """`page`: where its hosted pages are, as members see them."""
        self._service, self._page, self._late_s = service, page, late_s

    def routes(self) -> Routes:
        """What it answers at which path."""
        routes = Routes()
        routes.add("POST", "/api/customers", self._customers)
        routes.add("POST", "/api/registrations", self._registrations)
        routes.add("GET", "/api/registrations/{}", self._registration)
        routes.add("DELETE", "/api/cards/{}", self._forget)
        routes.add("POST", "/api/payments", self._pay)
        routes.add("GET", "/api/payments", self._find)
        routes.add("GET", "/api/payments/{}", self._payment)
        routes.add("POST", "/api/payments/{}/abandon", self._abandon)
        routes.add("POST", "/api/refunds", self._refunds)
        return routes

    def _customers(self, request: Request) -> Response:
        return as_json(200, {"id": self._service.customer(_text(request.json(), "key"))})

    def _registrations(self, request: Request) -> Response:
        said = request.json()
        back = _text(said, "return_url")
        visit = self._service.begin_visit("setup", _text(said, "key"), _text(said, "customer"), back, back)
        return as_json(201, self._told_visit(visit))

    def _registration(self, _request: Request, name: str) -> Response:
        return as_json(200, self._told_visit(self._service.visit(name)))

    def _forget(self, _request: Request, token: str) -> Response:
        return as_json(200, {"token": self._service.forget(token).token})

    def _pay(self, request: Request) -> Response:
        said = request.json()
        key, customer, token, text = (_text(said, name) for name in ("key", "customer", "token", "text"))
        back, yen = _text(said, "return_url"), said.get("yen", 0)
        if not token:
            return as_json(
                201, self._told_visit(self._service.begin_visit("payment", key, customer, back, back, yen, text))
            )
        is_new = self._service.find(key, customer) is None
        payment = self._service.pay(key, customer, token, yen, text, back, with_member=bool(said.get("with_member")))
        fate = self._service.card(token).behaviour if is_new else ""
        return as_json(201, self._told(payment))._replace(
            late_s=self._late_s if fate == Behaviour.ANSWER_LATE else 0.0, is_lost=fate == Behaviour.ANSWER_LOST
        )

    def _payment(self, _request: Request, name: str) -> Response:
        if not name.startswith("cs_"):
            return as_json(200, self._told(self._service.payment(name)))
        visit = self._service.visit(name)
        return as_json(
            200, self._told(self._service.payment(visit.payment)) if visit.payment else self._told_visit(visit)
        )

    def _find(self, request: Request) -> Response:
        found = self._service.find(request.query.get("key", ""), request.query.get("customer", ""))
        if found is None:
            raise Refused("not-found")
        return as_json(200, self._told(found) if isinstance(found, Payment) else self._told_visit(found))

    def _abandon(self, request: Request, name: str) -> Response:
        try:
            _ = self._service.expire(name) if name.startswith("cs_") else self._service.abandon(name)
        except Refused as refused:
            if refused.code != "not-open":
                raise
        return self._payment(request, name)

    def _refunds(self, request: Request) -> Response:
        said = request.json()
        try:
            refund = self._service.refund(_text(said, "key"), _text(said, "payment"), said.get("yen", 0))
        except Refused as refused:
            if refused.code == "other-content":
                raise
            return as_json(200, {"id": "", "state": "failed", "code": refused.code})
        return as_json(201, {"id": refund.id, "state": refund.state, "code": refund.code})

    def _told_visit(self, visit: Visit) -> dict[str, object]:
        state = "needs-member" if visit.mode == "payment" and visit.state == "open" else visit.state
        said: dict[str, object] = {"id": visit.id, "key": visit.key, "customer": visit.customer, "state": state}
        if visit.mode == "setup" and visit.state == "done":
            card = self._service.card(visit.token)
            said["card"] = {"token": card.token, "brand": card.brand, "last4": card.last4}
        return said | {"url": f"{self._page}/pay/{visit.id}", "code": visit.state}

    def _told(self, payment: Payment) -> dict[str, object]:
        return {
            "id": payment.id,
            "key": payment.reference,
            "yen": payment.yen,
            "state": payment.state,
            "code": payment.code,
            "url": f"{self._page}/prove/{payment.id}",
        }


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > 2_000:
        raise Refused("bad-field")
    return value
