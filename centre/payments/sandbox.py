"""The adapter for our own sandbox service (模擬決済), in its plain JSON."""

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

_FOUND = (200, 201)


class Sandbox:
    """Its plain API, under /api/."""

    name = "sandbox"

    def __init__(self, url: str, key: str, notice_secret: str) -> None:
        self._line = Line(url, {"Authorization": f"Bearer {key}"})
        self._notice_secret = notice_secret

    def hang_up(self) -> None:
        self._line.hang_up()

    def customer(self, key: str) -> str | Unknown:
        said = self._asked("POST", "/api/customers", {"key": key})
        return said if isinstance(said, Unknown) else str(said["id"])

    def begin_registration(self, key: str, customer: str, return_url: str) -> Begun | Unknown:
        content = {"key": key, "customer": customer, "return_url": return_url}
        said = self._asked("POST", "/api/registrations", content)
        return said if isinstance(said, Unknown) else Begun(said["url"], said["id"])

    def registration(self, service_id: str) -> CardThere | Declined | NeedsMember | Unknown:
        said = self._asked("GET", f"/api/registrations/{service_id}")
        if isinstance(said, Unknown):
            return said
        match said["state"]:
            case "done":
                card = said["card"]
                return CardThere(said["customer"], card["token"], card["brand"], card["last4"])
            case "open":
                return NeedsMember(said["url"], said["id"])
        return Declined(said["state"], said["id"])

    def forget_card(self, token: str) -> bool:
        return isinstance(self._line.ask("DELETE", f"/api/cards/{token}"), Answer)

    def pay(self, asked: Asked) -> Outcome:
        said = self._asked("POST", "/api/payments", asked._asdict())
        return said if isinstance(said, Unknown) else _outcome(said)

    def payment(self, service_id: str) -> Outcome | Nothing:
        return self._stands("GET", f"/api/payments/{service_id}")

    def find(self, key: str, customer: str, since_s: int) -> Outcome | Nothing:
        return self._stands("GET", "/api/payments", params={"key": key, "customer": customer})

    def abandon(self, service_id: str) -> Outcome | Nothing:
        return self._stands("POST", f"/api/payments/{service_id}/abandon")

    def refund(self, key: str, service_id: str, yen: int) -> Refunded | Declined | Unknown:
        said = self._asked("POST", "/api/refunds", {"key": key, "payment": service_id, "yen": yen})
        if isinstance(said, Unknown):
            return said
        return Refunded(said["id"]) if said["state"] == "done" else Declined(said["code"], said["id"])

    def verify(self, body: bytes, signature: str, now_s: int) -> Notified | NoticeRefused:
        return signing.verify(body, signature, now_s, self._notice_secret)

    def _asked(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any] | Unknown:
        answer = self._line.ask(method, path, json=content)
        if isinstance(answer, Unknown):
            return answer
        if answer.status not in _FOUND:
            raise ServiceMisuse(f"the sandbox answers {method} {path} with {answer.status}")
        return answer.said

    def _stands(self, method: str, path: str, **content: Any) -> Outcome | Nothing:
        answer = self._line.ask(method, path, **content)
        if isinstance(answer, Unknown):
            return answer
        if answer.status == 404:
            return Nothing()
        if answer.status not in _FOUND:
            raise ServiceMisuse(f"the sandbox answers {method} of a payment with {answer.status}")
        return _outcome(answer.said)


def _outcome(said: dict[str, Any]) -> Outcome:
    match said["state"]:
        case "paid":
            return Paid(said["id"], said["key"], said["yen"])
        case "needs-member":
            return NeedsMember(said["url"], said["id"])
        case "processing":
            return Unknown("processing", said["id"])
    return Declined(said["code"], said["id"])
