"""The adapter for Stripe: cards are typed at its Checkout page, payments are its PaymentIntents.

Written against Stripe's public API reference, of the version below. Fields go out as a form, JSON comes back; an
`Idempotency-Key` makes a request that is sent twice one request, for a day. After that what was asked is looked up by
the key in its metadata. https://docs.stripe.com/api
"""

from collections.abc import Iterator
from typing import Any

from centre.payments import signing
from centre.payments.line import Answer, Line
from centre.payments.port import (
    Asked,
    Begun,
    CardThere,
    Declined,
    NeedsMember,
    Nothing,
    NoticeRefused,
    Notified,
    Outcome,
    Paid,
    Refunded,
    ServiceMisuse,
    Unknown,
)

VERSION = "2024-06-20"
_MOST_PAGES = 10
_SESSION = "cs_"


class StripeCheckout:
    """Stripe, or whatever speaks like it."""

    name = "stripe"

    def __init__(self, url: str, key: str, notice_secret: str) -> None:
        self._line = Line(url, {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION})
        self._notice_secret = notice_secret

    def hang_up(self) -> None:
        self._line.hang_up()

    def customer(self, key: str) -> str | Unknown:
        said = self._post("/v1/customers", {"metadata[reference]": key}, key)
        return said if isinstance(said, Unknown) else str(_sound(said)["id"])

    def begin_registration(self, key: str, customer: str, return_url: str) -> Begun | Unknown:
        fields = {
            "mode": "setup",
            "currency": "jpy",
            "payment_method_types[0]": "card",
            "customer": customer,
            "client_reference_id": key,
            "success_url": return_url,
            "cancel_url": return_url,
        }
        said = self._post("/v1/checkout/sessions", fields, key)
        if isinstance(said, Unknown):
            return said
        session = _sound(said)
        return Begun(session["url"], session["id"])

    def registration(self, service_id: str) -> CardThere | Declined | NeedsMember | Unknown:
        found = self._get(f"/v1/checkout/sessions/{service_id}", {"expand[]": "setup_intent.payment_method"})
        if isinstance(found, Unknown):
            return found
        session = _sound(found)
        if session["status"] == "open":
            return NeedsMember(session["url"], service_id)
        if session["status"] != "complete":
            return Declined(session["status"], service_id)
        method = session["setup_intent"]["payment_method"]
        return CardThere(session["customer"], method["id"], method["card"]["brand"], method["card"]["last4"])

    def forget_card(self, token: str) -> bool:
        # 400: it is detached already. 404: it never was.
        return isinstance(self._line.ask("POST", f"/v1/payment_methods/{token}/detach"), Answer)

    def pay(self, asked: Asked) -> Outcome:
        if not asked.token:
            return self._begin_page(asked)
        fields = {
            "amount": str(asked.yen),
            "currency": "jpy",
            "customer": asked.customer,
            "payment_method": asked.token,
            "payment_method_types[0]": "card",
            "description": asked.text,
            "metadata[key]": asked.key,
            "confirm": "true",
        }
        fields |= {"return_url": asked.return_url} if asked.with_member else {"off_session": "true"}
        said = self._post("/v1/payment_intents", fields, asked.key)
        return said if isinstance(said, Unknown) else _of_intent_answer(said)

    def payment(self, service_id: str) -> Outcome | Nothing:
        if service_id.startswith(_SESSION):
            found = self._get(f"/v1/checkout/sessions/{service_id}", {"expand[]": "payment_intent"})
            if isinstance(found, Answer) and found.status == 404:
                return Nothing()
            return found if isinstance(found, Unknown) else _of_session(_sound(found))
        found = self._get(f"/v1/payment_intents/{service_id}", {})
        if isinstance(found, Answer) and found.status == 404:
            return Nothing()
        return found if isinstance(found, Unknown) else _of_intent(_sound(found))

    def find(self, key: str, customer: str, since_s: int) -> Outcome | Nothing:
        # A page first: its intent exists only once the member has typed a card, and fails before the page has ended.
        since = {"customer": customer, "created[gte]": str(since_s)}
        for session in self._each("/v1/checkout/sessions", since | {"expand[]": "data.payment_intent"}):
            if isinstance(session, Unknown):
                return session
            if (session.get("metadata") or {}).get("key") == key:
                return _of_session(session)
        for intent in self._each("/v1/payment_intents", since):
            if isinstance(intent, Unknown):
                return intent
            if (intent.get("metadata") or {}).get("key") == key:
                return _of_intent(intent)
        return Nothing()

    def abandon(self, service_id: str) -> Outcome | Nothing:
        is_page = service_id.startswith(_SESSION)
        path = f"/v1/checkout/sessions/{service_id}/expire" if is_page else f"/v1/payment_intents/{service_id}/cancel"
        answer = self._line.ask("POST", path)
        # 400: it has ended some other way meanwhile. Either way, how it stands now is what counts.
        return answer if isinstance(answer, Unknown) else self.payment(service_id)

    def refund(self, key: str, service_id: str, yen: int) -> Refunded | Declined | Unknown:
        for one in self._each("/v1/refunds", {"payment_intent": service_id}):
            if isinstance(one, Unknown):
                return one
            if (one.get("metadata") or {}).get("key") == key:
                return _of_refund(one)
        fields = {"payment_intent": service_id, "amount": str(yen), "metadata[key]": key}
        said = self._post("/v1/refunds", fields, key)
        if isinstance(said, Unknown):
            return said
        if said.status in {400, 402} and _error(said).get("type") != "idempotency_error":
            return Declined(str(_error(said).get("code") or "refused"))
        return _of_refund(_sound(said))

    def verify(self, body: bytes, signature: str, now_s: int) -> Notified | NoticeRefused:
        return signing.verify(body, signature, now_s, self._notice_secret)

    def _begin_page(self, asked: Asked) -> Outcome:
        fields = {
            "mode": "payment",
            "payment_method_types[0]": "card",
            "customer": asked.customer,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "jpy",
            "line_items[0][price_data][unit_amount]": str(asked.yen),
            "line_items[0][price_data][product_data][name]": asked.text or asked.key,
            "metadata[key]": asked.key,
            "payment_intent_data[metadata][key]": asked.key,
            "success_url": asked.return_url,
            "cancel_url": asked.return_url,
        }
        said = self._post("/v1/checkout/sessions", fields, asked.key)
        return said if isinstance(said, Unknown) else _of_session(_sound(said))

    def _post(self, path: str, fields: dict[str, str], key: str) -> Answer | Unknown:
        return self._line.ask("POST", path, data=fields, headers={"Idempotency-Key": key})

    def _get(self, path: str, query: dict[str, str]) -> Answer | Unknown:
        return self._line.ask("GET", path, params=query)

    def _each(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any] | Unknown]:
        """Whatever a list holds, page by page, newest first."""
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            found = self._get(path, query | after | {"limit": "100"})
            if isinstance(found, Unknown):
                yield found
                return
            page = _sound(found)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
        yield Unknown("too-many")


def _error(answer: Answer) -> dict[str, Any]:
    error = answer.said.get("error")
    return error if isinstance(error, dict) else {}


def _sound(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        error = _error(answer)
        # Never its `message`: that may repeat what was sent.
        raise ServiceMisuse(f"Stripe answers {answer.status} {error.get('type')} {error.get('code')}")
    return answer.said


def _of_intent_answer(answer: Answer) -> Outcome:
    if answer.status == 402:
        error = _error(answer)
        code = str(error.get("decline_code") or error.get("code") or "declined")
        return Declined(code, str((error.get("payment_intent") or {}).get("id", "")))
    return _of_intent(_sound(answer))


def _of_intent(intent: dict[str, Any]) -> Outcome:
    match intent["status"]:
        case "succeeded":
            paid = intent["amount_received"] if intent["currency"] == "jpy" else 0
            return Paid(intent["id"], str(intent["metadata"].get("key", "")), paid)
        case "requires_action":
            return NeedsMember(intent["next_action"]["redirect_to_url"]["url"], intent["id"])
        case "processing":
            return Unknown("processing", intent["id"])
    error = intent.get("last_payment_error") or {}
    return Declined(str(error.get("decline_code") or error.get("code") or intent["status"]), intent["id"])


def _of_session(session: dict[str, Any]) -> Outcome:
    if session["status"] == "open":
        return NeedsMember(session["url"], session["id"])
    intent = session.get("payment_intent")
    if session["status"] == "complete" and intent:
        return _of_intent(intent)
    return Declined(session["status"], session["id"])


def _of_refund(refund: dict[str, Any]) -> Refunded | Declined | Unknown:
    match refund["status"]:
        case "succeeded":
            return Refunded(refund["id"])
        case "pending" | "requires_action":
            return Unknown("processing", refund["id"])
    return Declined(str(refund.get("failure_reason") or refund["status"]), refund["id"])
