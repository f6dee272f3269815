"""The port: what the centre asks of a payment service. Two adapters answer: `sandbox` and `stripe_checkout`.

What a service may say is a value. A line that broke is one too, `Unknown`: the money may have moved or not, and whoever
asked has to ask again with the same key. Exceptions are for what nobody can go on from: `ServiceMisuse`, our own fault.
"""

from typing import NamedTuple, Protocol


class Paid(NamedTuple):
    """The money is there. `key` and `yen` are the service's own words, so that they can be held against ours."""

    service_id: str
    key: str
    yen: int


class Declined(NamedTuple):
    """It will not be paid under this key. `code`: the service's word for why."""

    code: str
    service_id: str = ""


class NeedsMember(NamedTuple):
    """The member has to go to `url`: to type a card, or to prove who they are (3-D Secure)."""

    url: str
    service_id: str


class Unknown(NamedTuple):
    """No answer, or not yet. `why`: timeout, unreachable, busy, processing."""

    why: str
    service_id: str = ""


class Nothing(NamedTuple):
    """The service has never heard of it."""


Outcome = Paid | Declined | NeedsMember | Unknown
"""Of a payment."""


class CardThere(NamedTuple):
    """A registered credit card: what stands for it, and what a member knows it by."""

    customer: str
    token: str
    brand: str
    last4: str


class Refunded(NamedTuple):
    """The money went back."""

    service_id: str


class Begun(NamedTuple):
    """A page at the service for one member, and the name of that visit."""

    url: str
    service_id: str


class Asked(NamedTuple):
    """What is to be paid, the same each time a key is asked for. `return_url`: where the member is sent back to."""

    key: str
    customer: str
    token: str
    yen: int
    text: str
    return_url: str
    with_member: bool
    """Whether the member is there; else a card that asks for them is declined."""


class Notified(NamedTuple):
    """A notice whose signature holds."""

    event_id: str
    kind: str
    subject: str
    made_at_s: int


class NoticeRefused(NamedTuple):
    """A notice that isn't the service's, or is too old. `code` says which."""

    code: str


class ServiceMisuse(Exception):
    """The service understood, and says that we asked for what may not be asked: settings or code are wrong."""


class PaymentService(Protocol):
    """A payment service. Each call waits a bounded time and raises nothing but ServiceMisuse."""

    name: str

    def hang_up(self) -> None:
        """Over: it isn't asked any more."""

    def customer(self, key: str) -> str | Unknown:
        """The service's name for a user; the same each time for the same key."""

    def begin_registration(self, key: str, customer: str, return_url: str) -> Begun | Unknown:
        """A page at which the member types a credit card."""

    def registration(self, service_id: str) -> CardThere | Declined | NeedsMember | Unknown:
        """What came of a visit. Declined: it ended without a card."""

    def forget_card(self, token: str) -> bool:
        """Forget a card; whether that is certain. One that isn't there is forgotten."""

    def pay(self, asked: Asked) -> Outcome:
        """Take the money from the card that a token stands for, or (without one) begin a page to pay at."""

    def payment(self, service_id: str) -> Outcome | Nothing:
        """How it stands now."""

    def find(self, key: str, customer: str, since_s: int) -> Outcome | Nothing:
        """The payment with this key, if the service has one since then (faults 57)."""

    def abandon(self, service_id: str) -> Outcome | Nothing:
        """Nobody waits for it any more: it can't be paid from now on. How it stands then: it may be paid already."""

    def refund(self, key: str, service_id: str, yen: int) -> Refunded | Declined | Unknown:
        """Give money of a payment back."""

    def verify(self, body: bytes, signature: str, now_s: int) -> Notified | NoticeRefused:
        """Whether a notice is the service's own, and of now."""
