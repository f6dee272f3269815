"""A payment service in memory: one payment a key, and what becomes of it as the test says."""

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
    Unknown,
)

PAGE = "https://pay.example/p/1"


class Service:
    """See centre.payments.port.PaymentService."""

    name = "sandbox"

    def __init__(self) -> None:
        self.asked: dict[str, Asked] = {}
        self.answer: type[Paid] | Outcome = Paid
        self.card: CardThere | None = None
        self.refunded: dict[str, int] = {}

    def customer(self, key: str) -> str:
        return f"cus_{key}"

    def begin_registration(self, key: str, customer: str, return_url: str) -> Begun | Unknown:
        return Begun(f"{PAGE}?back={return_url}", f"visit_{key}")

    def registration(self, service_id: str) -> CardThere | Declined | NeedsMember | Unknown:
        return self.card or NeedsMember(PAGE, service_id)

    def forget_card(self, token: str) -> bool:
        return True

    def pay(self, asked: Asked) -> Outcome:
        assert self.asked.setdefault(asked.key, asked) == asked
        return self._outcome(asked.key)

    def payment(self, service_id: str) -> Outcome | Nothing:
        return self._outcome(service_id.removeprefix("pay_"))

    def find(self, key: str, customer: str, since_s: int) -> Outcome | Nothing:
        return self._outcome(key) if key in self.asked else Nothing()

    def abandon(self, service_id: str) -> Outcome | Nothing:
        return self.payment(service_id)

    def refund(self, key: str, service_id: str, yen: int) -> Refunded | Declined | Unknown:
        self.refunded.setdefault(key, yen)
        return Refunded(f"re_{key}")

    def verify(self, body: bytes, signature: str, now_s: int) -> Notified | NoticeRefused:
        return NoticeRefused("not-ours")

    def _outcome(self, key: str) -> Outcome:
        if isinstance(self.answer, type):
            return Paid(f"pay_{key}", key, self.asked[key].yen)
        return self.answer
