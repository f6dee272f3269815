"""The same service as Stripe speaks, as far as the centre uses it: forms in, JSON out, lists by page.

After Stripe's public API reference (https://docs.stripe.com/api). Fields it doesn't know are refused, as there. An
`Idempotency-Key` that comes again is answered with the first answer, whatever has happened since, as there.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from sim.payments.cards import Behaviour
from sim.payments.service import Happened, Refused, Service
from sim.payments.store import Payment, Refund, Visit
from sim.payments.web import Request, Response, Routes, as_json

_LISTS = frozenset({"limit", "starting_after", "customer", "created[gte]", "expand[]", "payment_intent"})
_STATES = {
    "paid": "succeeded",
    "declined": "requires_payment_method",
    "needs-member": "requires_action",
    "processing": "processing",
    "abandoned": "canceled",
}
_SESSION_STATES = {"open": "open", "done": "complete", "expired": "expired"}
_CODES = {"not-found": (404, "resource_missing"), "other-content": (400, "idempotency_key_in_use")}


class StripeError(Exception):
    """An answer that is an error, as Stripe words them."""

    def __init__(self, status: int, code: str, kind: str = "invalid_request_error", **more: object) -> None:
        super().__init__(code)
        self.response = as_json(status, {"error": {"type": kind, "code": code, "message": code} | more})


class Shapes:
    """Rows as Stripe's objects."""

    def __init__(self, service: Callable[[], Service], page: str) -> None:
        """`page`: where its hosted pages are, as members see them."""
        self._service, self._page = service, page

    def intent(self, payment: Payment) -> dict[str, Any]:
        """A PaymentIntent."""
        is_paid = payment.state == "paid"
        error = {"type": "card_error", "code": "card_declined", "decline_code": payment.code} if payment.code else None
        action = {"type": "redirect_to_url", "redirect_to_url": {"url": f"{self._page}/prove/{payment.id}"}}
        return {
            "id": payment.id,
            "object": "payment_intent",
            "amount": payment.yen,
            "amount_received": payment.yen if is_paid else 0,
            "currency": "jpy",
            "customer": payment.customer,
            "payment_method": payment.token if payment.state != "declined" else None,
            "description": payment.text,
            "metadata": {"key": payment.reference},
            "created": payment.made_at_s,
            "livemode": False,
            "status": _STATES[payment.state],
            "last_payment_error": error if payment.state == "declined" else None,
            "next_action": action if payment.state == "needs-member" else None,
        }

    def session(self, visit: Visit, expanded: str = "") -> dict[str, Any]:
        """A Checkout Session."""
        service = self._service()
        intent: object = visit.payment or None
        if visit.payment and expanded.endswith("payment_intent"):
            intent = self.intent(service.payment(visit.payment))
        setup: object = None
        if visit.mode == "setup" and visit.state == "done":
            setup = f"seti_{visit.id.removeprefix('cs_test_')}"
            if expanded == "setup_intent.payment_method":
                card = service.card(visit.token)
                method = {"id": card.token, "object": "payment_method", "type": "card",
                          "card": {"brand": card.brand, "last4": card.last4}}  # fmt: skip
                setup = {"id": setup, "object": "setup_intent", "status": "succeeded", "payment_method": method}
        is_paid = visit.state == "done" and visit.mode == "payment"
        return {
            "id": visit.id,
            "object": "checkout.session",
            "mode": visit.mode,
            "status": _SESSION_STATES[visit.state],
            "payment_status": "paid" if is_paid else "no_payment_required" if visit.mode == "setup" else "unpaid",
            "url": f"{self._page}/pay/{visit.id}" if visit.state == "open" else None,
            "customer": visit.customer,
            "amount_total": visit.yen or None,
            "currency": "jpy",
            "client_reference_id": visit.key if visit.mode == "setup" else None,
            "metadata": {} if visit.mode == "setup" else {"key": visit.key.partition("#")[0]},
            "created": visit.made_at_s,
            "livemode": False,
            "payment_intent": intent,
            "setup_intent": setup,
        }

    def refund(self, refund: Refund) -> dict[str, Any]:
        """A Refund."""
        return {
            "id": refund.id,
            "object": "refund",
            "amount": refund.yen,
            "currency": "jpy",
            "payment_intent": refund.payment,
            "metadata": {"key": refund.key.partition("#")[0]},
            "created": refund.made_at_s,
            "status": "succeeded" if refund.state == "done" else "failed",
            "failure_reason": refund.code or None,
        }

    def subject(self, happened: Happened) -> dict[str, Any]:
        """What a notice is about, as it stands."""
        service, name = self._service(), happened.subject
        if name.startswith("cs_"):
            return self.session(service.visit(name))
        return self.intent(service.payment(name)) if name.startswith("pi_") else self.refund(service.found_refund(name))


class StripeApi:
    """What Stripe answers at these paths."""

    def __init__(self, service: Service, shapes: Shapes, events: Callable[[], list[Any]], late_s: float) -> None:
        """`events()`: all of them, the newest first."""
        self._service, self._shapes, self._events, self._late_s = service, shapes, events, late_s

    def routes(self) -> Routes:
        """What it answers at which path."""
        service, shapes = self._service, self._shapes
        routes = Routes()
        for path, known, act in (
            ("/v1/customers", frozenset({"metadata[reference]"}), self._customers),
            ("/v1/checkout/sessions", _SESSION_FIELDS, self._sessions),
            ("/v1/checkout/sessions/{}/expire", frozenset[str](), self._expire),
            ("/v1/payment_intents", _INTENT_FIELDS, self._intents),
            ("/v1/payment_intents/{}/cancel", frozenset[str](), self._cancel),
            ("/v1/payment_methods/{}/detach", frozenset[str](), self._detach),
            ("/v1/refunds", frozenset({"payment_intent", "amount", "metadata[key]"}), self._refunds),
        ):
            routes.add("POST", path, partial(self._once, known, act))
        one: dict[str, Callable[[Mapping[str, str], str], dict[str, Any]]] = {
            "/v1/checkout/sessions/{}": lambda query, name: shapes.session(
                service.visit(name), query.get("expand[]", "")
            ),
            "/v1/payment_intents/{}": lambda _, name: shapes.intent(service.payment(name)),
            "/v1/refunds/{}": lambda _, name: shapes.refund(service.found_refund(name)),
        }
        for path, found in one.items():
            routes.add("GET", path, partial(_one, found))
        many: dict[str, Callable[[Mapping[str, str]], list[dict[str, Any]]]] = {
            "/v1/checkout/sessions": self._all_sessions,
            "/v1/payment_intents": self._all_intents,
            "/v1/refunds": self._all_refunds,
            "/v1/events": lambda _: [json.loads(event.body) for event in self._events()],
        }
        for path, all_of in many.items():
            routes.add("GET", path, partial(_many, all_of))
        return routes

    def _once(self, known: frozenset[str], act: Callable[..., Response], request: Request, *captured: str) -> Response:
        """A POST: a key that comes again is answered as it was."""
        fields = request.form()
        _only(fields, known)
        key = request.headers.get("idempotency-key", "") or uuid4().hex
        if len(key) > 255:
            raise StripeError(400, "idempotency_key_too_long")
        asked = hashlib.sha256(f"{request.path}\n{sorted(fields.items())}".encode()).hexdigest()
        store = self._service.store
        with store.changing():
            for before, status, body in store.rows("SELECT asked, status, body FROM answers WHERE key = ?", key):
                if before != asked:
                    raise StripeError(400, "idempotency_key_in_use", "idempotency_error")
                return as_json(status, json.loads(body), Idempotent_Replayed="true")
            try:
                made = act(fields, key, *captured)
            except Refused as refused:
                status, code = _CODES.get(refused.code, (400, refused.code))
                raise StripeError(status, code) from None
            store.rows("INSERT INTO answers VALUES (?, ?, ?, ?)", key, asked, made.status, made.body.decode())
            return made

    def _customers(self, fields: dict[str, str], key: str) -> Response:
        return as_json(200, {"id": self._service.customer(key), "object": "customer",
                             "metadata": {"reference": fields.get("metadata[reference]", "")}})  # fmt: skip

    def _sessions(self, fields: dict[str, str], key: str) -> Response:
        mode = _need(fields, "mode")
        yen = 0
        if mode == "payment":
            item = "line_items[0][price_data]"
            if fields.get(f"{item}[currency]") != "jpy" or fields.get("line_items[0][quantity]") != "1":
                raise StripeError(400, "currency_or_quantity")
            yen = _whole(_need(fields, f"{item}[unit_amount]"))
            if not fields.get("metadata[key]", "") == fields.get("payment_intent_data[metadata][key]", "") == key:
                raise StripeError(400, "the sandbox asks that metadata[key] be the Idempotency-Key")
        elif mode != "setup" or fields.get("currency") != "jpy":
            raise StripeError(400, "mode_or_currency")
        text = fields.get("line_items[0][price_data][product_data][name]", "")
        visit = self._service.begin_visit(mode, key, _need(fields, "customer"), _need(fields, "success_url"),
                                    fields.get("cancel_url") or fields["success_url"], yen, text)  # fmt: skip
        return as_json(200, self._shapes.session(visit))

    def _intents(self, fields: dict[str, str], key: str) -> Response:
        if fields.get("currency") != "jpy" or fields.get("confirm") != "true":
            raise StripeError(400, "currency_or_confirm")
        if fields.get("metadata[key]", "") != key:
            raise StripeError(400, "the sandbox asks that metadata[key] be the Idempotency-Key")
        token = _need(fields, "payment_method")
        payment = self._service.pay(
            key,
            _need(fields, "customer"),
            token,
            _whole(_need(fields, "amount")),
            fields.get("description", ""),
            fields.get("return_url", ""),
            with_member=fields.get("off_session", "false") != "true",
        )
        shaped = self._shapes.intent(payment)
        if payment.state == "declined":
            error = {"type": "card_error", "message": payment.code, "payment_intent": shaped}
            is_asking = payment.code == "authentication_required"
            error |= {"code": payment.code if is_asking else "card_declined", "decline_code": payment.code}
            return as_json(402, {"error": error})
        fate = self._service.card(token).behaviour
        return as_json(200, shaped)._replace(
            late_s=self._late_s if fate == Behaviour.ANSWER_LATE else 0.0, is_lost=fate == Behaviour.ANSWER_LOST
        )

    def _refunds(self, fields: dict[str, str], key: str) -> Response:
        if fields.get("metadata[key]", "") != key:
            raise StripeError(400, "the sandbox asks that metadata[key] be the Idempotency-Key")
        made = self._service.refund(key, _need(fields, "payment_intent"), _whole(_need(fields, "amount")))
        return as_json(200, self._shapes.refund(made))

    def _detach(self, _fields: dict[str, str], _key: str, token: str) -> Response:
        return as_json(200, {"id": self._service.forget(token).token, "object": "payment_method", "customer": None})

    def _expire(self, _fields: dict[str, str], _key: str, name: str) -> Response:
        return as_json(200, self._shapes.session(self._service.expire(name)))

    def _cancel(self, _fields: dict[str, str], _key: str, name: str) -> Response:
        return as_json(200, self._shapes.intent(self._service.abandon(name)))

    def _all_sessions(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        rows = self._service.store.rows(
            "SELECT id FROM visits WHERE customer = ? ORDER BY rowid DESC", query.get("customer", "")
        )
        return [self._shapes.session(self._service.visit(row[0]), query.get("expand[]", "")) for row in rows]

    def _all_intents(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        of_customer = "SELECT id FROM payments WHERE customer = ? ORDER BY rowid DESC"
        return [
            self._shapes.intent(self._service.payment(row[0]))
            for row in self._service.store.rows(of_customer, query.get("customer", ""))
        ]

    def _all_refunds(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        of_payment = "SELECT * FROM refunds WHERE payment = ? ORDER BY rowid DESC"
        return [
            self._shapes.refund(Refund(*row))
            for row in self._service.store.rows(of_payment, query.get("payment_intent", ""))
        ]


def _one(found: Callable[[Mapping[str, str], str], dict[str, Any]], request: Request, name: str) -> Response:
    _only(request.query, frozenset({"expand[]"}))
    try:
        return as_json(200, found(request.query, name))
    except Refused:
        raise StripeError(404, "resource_missing") from None


def _many(all_of: Callable[[Mapping[str, str]], list[dict[str, Any]]], request: Request) -> Response:
    _only(request.query, _LISTS)
    since_s = _whole(request.query.get("created[gte]", "0"))
    found = [one for one in all_of(request.query) if one["created"] >= since_s]
    names = [one["id"] for one in found]
    after = request.query.get("starting_after", "")
    if after and after not in names:
        raise StripeError(400, "resource_missing")
    limit = min(max(_whole(request.query.get("limit", "10")), 1), 100)
    rest = found[names.index(after) + 1 if after else 0 :]
    return as_json(200, {"object": "list", "url": request.path, "has_more": len(rest) > limit, "data": rest[:limit]})


_PRICE = "line_items[0][price_data]"
_SESSION_FIELDS = frozenset({
    "mode", "currency", "payment_method_types[0]", "customer", "client_reference_id", "success_url", "cancel_url",
    "line_items[0][quantity]", f"{_PRICE}[currency]", f"{_PRICE}[unit_amount]", f"{_PRICE}[product_data][name]",
    "metadata[key]", "payment_intent_data[metadata][key]",
})  # fmt: skip
_INTENT_FIELDS = frozenset({
    "amount", "currency", "customer", "payment_method", "payment_method_types[0]", "description", "metadata[key]",
    "confirm", "off_session", "return_url",
})  # fmt: skip


def _only(fields: Mapping[str, str], known: frozenset[str]) -> None:
    for name in fields:
        if name not in known:
            raise StripeError(400, "parameter_unknown", param=name[:80])


def _need(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise StripeError(400, "parameter_missing", param=name)
    return fields[name]


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise StripeError(400, "parameter_invalid_integer")
    return int(text)
