"""The service itself, whichever way it is spoken to: customers, cards, visits to its page, payments, refunds.

A key is answered once: the same again is the same payment, and other content under it is refused (`Refused`).
"""

from collections.abc import Callable
from typing import NamedTuple

from sim.payments.cards import ASKS, DECLINES, Behaviour, TestNumber
from sim.payments.store import Card, Payment, Refund, Store, Visit

VISIT_HOLDS_S = 86_400
PROCESSES_S = 20
_MOST_YEN = 9_999_999


class Refused(ValueError):
    """Asked for what can't be. `code`: not-found, other-content, bad-amount, forgotten-card, not-paid, ..."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Happened(NamedTuple):
    """What a notice will tell of: Stripe's name of it, and the row's name."""

    kind: str
    subject: str


class Service:
    """All of it. `tell` is called within the transaction in which something happened."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        token: Callable[[], str],
        tell: Callable[[Happened], None],
    ) -> None:
        """`token()` makes a name that nobody guesses."""
        self.store, self._clock, self._token, self._tell = store, clock, token, tell

    def now_s(self) -> int:
        """The time it goes by."""
        return int(self._clock())

    # -- who pays, and with what

    def customer(self, key: str) -> str:
        """The name of a customer, made if the key is new."""
        with self.store.changing():
            found = self.store.rows("SELECT id FROM customers WHERE key = ?", key)
            if found:
                return str(found[0][0])
            name = f"cus_{self._token()}"
            self.store.rows("INSERT INTO customers VALUES (?, ?, ?)", name, key, self.now_s())
            return name

    def card(self, token: str) -> Card:
        """A card. Raises Refused."""
        for row in self.store.rows("SELECT * FROM cards WHERE token = ?", token):
            return Card(*row)
        raise Refused("not-found")

    def forget(self, token: str) -> Card:
        """Take no more charges with this token."""
        self.store.rows("UPDATE cards SET forgotten = 1 WHERE token = ?", token)
        return self.card(token)

    def behave(self, token: str, behaviour: Behaviour) -> None:
        """From now on it does so: a card that paid yesterday is declined today."""
        self.store.rows("UPDATE cards SET behaviour = ? WHERE token = ?", behaviour, token)

    # -- visits to its page

    def begin_visit(
        self, mode: str, key: str, customer: str, return_url: str, cancel_url: str, yen: int = 0, text: str = ""
    ) -> Visit:
        """A page at which a member types a card. Raises Refused."""
        if mode == "payment":
            _check_yen(yen)
        if not return_url.startswith(("http://", "https://")) or not cancel_url.startswith(("http://", "https://")):
            raise Refused("bad-return-url")
        with self.store.changing():
            self._known_customer(customer)
            found = self.store.rows("SELECT * FROM visits WHERE mode = ? AND key = ?", mode, key)
            if found:
                visit = Visit(*found[0])
                if (visit.customer, visit.return_url, visit.yen) != (customer, return_url, yen):
                    raise Refused("other-content")
                return visit
            prefix = "cs_test_"
            visit = Visit(
                prefix + self._token(), key, mode, customer, return_url, cancel_url, yen, text, "open", "", "",
                self.now_s(),
            )  # fmt: skip
            self.store.rows(f"INSERT INTO visits VALUES ({','.join('?' * len(visit))})", *visit)
            return visit

    def visit(self, name: str) -> Visit:
        """A visit as it stands now. Raises Refused."""
        with self.store.changing():
            found = self.store.rows("SELECT * FROM visits WHERE id = ?", name)
            if not found:
                raise Refused("not-found")
            visit = Visit(*found[0])
            if visit.state == "open" and self.now_s() - visit.made_at_s > VISIT_HOLDS_S:
                return self.expire(name)
            return visit

    def expire(self, name: str) -> Visit:
        """Nobody is waited for any more. Raises Refused("not-open")."""
        with self.store.changing():
            changed = self.store.rows(
                "UPDATE visits SET state = 'expired' WHERE id = ? AND state = 'open' RETURNING *", name
            )
            if not changed:
                raise Refused("not-open")
            self._tell(Happened("checkout.session.expired", name))
            return Visit(*changed[0])

    def typed(self, name: str, number: TestNumber) -> Card:
        """A card was typed at the page: kept as a token, brand and last four."""
        with self.store.changing():
            visit = self.visit(name)
            card = Card(f"pm_{self._token()}", visit.customer, number.behaviour, number.brand, number.number[-4:], 0)
            self.store.rows("INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?)", *card)
            self.store.rows("UPDATE visits SET token = ? WHERE id = ?", card.token, name)
            return card

    def finish(self, name: str) -> Visit | Payment:
        """The member typed a card and proved who they are: register it, or charge it. A declined one leaves it open."""
        with self.store.changing():
            visit = self.visit(name)
            if visit.state != "open" or not visit.token:
                raise Refused("not-open")
            payment_name = ""
            if visit.mode == "payment":
                payment = self._charge(visit)
                if payment.state not in {"paid", "processing"}:
                    return payment
                payment_name = payment.id
            changed = self.store.rows(
                "UPDATE visits SET state = 'done', payment = ? WHERE id = ? RETURNING *", payment_name, name
            )
            self._tell(Happened("checkout.session.completed", name))
            return Visit(*changed[0])

    def _charge(self, visit: Visit) -> Payment:
        card = self.card(visit.token)
        state, code = _outcome_of(Behaviour(card.behaviour), with_member=True, has_proved=True)
        row = self.store.rows("SELECT * FROM payments WHERE key = ?", visit.key)
        if row:
            payment = Payment(*row[0])._replace(token=card.token, state=state, code=code)
            self.store.rows("DELETE FROM payments WHERE key = ?", visit.key)
        else:
            payment = Payment(
                f"pi_{self._token()}", visit.key, visit.customer, card.token, visit.yen, visit.text, visit.return_url,
                1, state, code, 0, self.now_s(), self.now_s() + PROCESSES_S, visit.key,
            )  # fmt: skip
        return self._keep(payment)

    # -- payments

    def pay(
        self, key: str, customer: str, token: str, yen: int, text: str, return_url: str, *, with_member: bool
    ) -> Payment:
        """Charge a card. The same key is the same payment. Raises Refused."""
        _check_yen(yen)
        with self.store.changing():
            found = self.store.rows("SELECT * FROM payments WHERE key = ?", key)
            if found:
                payment = Payment(*found[0])
                if (payment.customer, payment.token, payment.yen) != (customer, token, yen):
                    raise Refused("other-content")
                return payment
            self._known_customer(customer)
            card = self.card(token)
            if card.customer != customer:
                raise Refused("not-found")
            if card.forgotten:
                raise Refused("forgotten-card")
            state, code = _outcome_of(Behaviour(card.behaviour), with_member=with_member, has_proved=False)
            payment = Payment(
                f"pi_{self._token()}", key, customer, token, yen, text, return_url, with_member, state, code, 0,
                self.now_s(), self.now_s() + PROCESSES_S, key,
            )  # fmt: skip
            return self._keep(payment)

    def _keep(self, payment: Payment) -> Payment:
        self.store.rows(f"INSERT INTO payments VALUES ({','.join('?' * len(payment))})", *payment)
        self._tell(Happened(_KINDS[payment.state], payment.id))
        return payment

    def payment(self, name: str) -> Payment:
        """A payment as it stands now. Raises Refused."""
        for row in self.store.rows("SELECT * FROM payments WHERE id = ?", name):
            payment = Payment(*row)
            is_due = payment.state == "processing" and self.now_s() >= payment.due_at_s
            return self._turn(name, "processing", "paid") if is_due else payment
        raise Refused("not-found")

    def find(self, reference: str, customer: str) -> Payment | Visit | None:
        """A customer's payment, or the visit that is to become one, by the caller's word for it."""
        visits = "SELECT id FROM visits WHERE mode = 'payment' AND key = ? AND customer = ? AND state = 'open'"
        for row in self.store.rows(visits, reference, customer):
            return self.visit(row[0])
        payments = "SELECT id FROM payments WHERE reference = ? AND customer = ?"
        for row in self.store.rows(payments, reference, customer):
            return self.payment(row[0])
        return None

    def forget_keys(self) -> None:
        """A day is over: a key that is sent again is a new one. What it paid stays known by its reference."""
        with self.store.changing():
            self.store.rows("DELETE FROM answers")
            for table in ("payments", "refunds", "visits"):
                self.store.rows(f"UPDATE {table} SET key = key || '#' || id WHERE key NOT LIKE '%#%'")

    def proved(self, name: str, *, is_them: bool) -> Payment:
        """The member is back from proving who they are. Raises Refused("not-open")."""
        if is_them:
            return self._turn(name, "needs-member", "paid")
        return self._turn(name, "needs-member", "declined", "authentication_failed")

    def abandon(self, name: str) -> Payment:
        """It can't be paid any more. Raises Refused("not-open")."""
        return self._turn(name, "needs-member", "abandoned", "abandoned")

    def process(self) -> int:
        """What is being processed is done, whether it was due or not."""
        with self.store.changing():
            names = [row[0] for row in self.store.rows("SELECT id FROM payments WHERE state = 'processing'")]
            for name in names:
                self._turn(name, "processing", "paid")
            return len(names)

    def _turn(self, name: str, before: str, after: str, code: str = "") -> Payment:
        with self.store.changing():
            changed = self.store.rows(
                "UPDATE payments SET state = ?, code = ? WHERE id = ? AND state = ? RETURNING *",
                after, code, name, before,
            )  # fmt: skip
            if not changed:
                raise Refused("not-open")
            self._tell(Happened(_KINDS[after], name))
            return Payment(*changed[0])

    # -- money back

    def refund(self, key: str, payment: str, yen: int) -> Refund:
        """Give back. The same key is the same refund. Raises Refused."""
        _check_yen(yen)
        with self.store.changing():
            for row in self.store.rows("SELECT * FROM refunds WHERE key = ?", key):
                refund = Refund(*row)
                if (refund.payment, refund.yen) != (payment, yen):
                    raise Refused("other-content")
                return refund
            paid = self.payment(payment)
            if paid.state != "paid":
                raise Refused("not-paid")
            if paid.refunded_yen + yen > paid.yen:
                raise Refused("charge_already_refunded")
            fails = self.card(paid.token).behaviour == Behaviour.REFUND_FAILS
            state, code = ("failed", "lost_or_stolen_card") if fails else ("done", "")
            refund = Refund(f"re_{self._token()}", key, payment, yen, state, code, self.now_s())
            self.store.rows("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?)", *refund)
            if not fails:
                self.store.rows("UPDATE payments SET refunded_yen = refunded_yen + ? WHERE id = ?", yen, payment)
            self._tell(Happened("refund.failed" if fails else "refund.created", refund.id))
            return refund

    def found_refund(self, name: str) -> Refund:
        """A refund. Raises Refused."""
        for row in self.store.rows("SELECT * FROM refunds WHERE id = ?", name):
            return Refund(*row)
        raise Refused("not-found")

    def _known_customer(self, name: str) -> None:
        if not self.store.rows("SELECT 1 FROM customers WHERE id = ?", name):
            raise Refused("not-found")


_KINDS = {
    "paid": "payment_intent.succeeded",
    "declined": "payment_intent.payment_failed",
    "needs-member": "payment_intent.requires_action",
    "processing": "payment_intent.processing",
    "abandoned": "payment_intent.canceled",
}


def _check_yen(yen: object) -> None:
    if not isinstance(yen, int) or isinstance(yen, bool) or not 0 < yen <= _MOST_YEN:
        raise Refused("bad-amount")


def _outcome_of(behaviour: Behaviour, *, with_member: bool, has_proved: bool) -> tuple[str, str]:
    """State and code of a charge to a card that does so."""
    if behaviour in DECLINES:
        return "declined", behaviour.value
    if behaviour is Behaviour.DECLINED_AT_PAGE:
        return "declined", "card_declined"
    if behaviour is Behaviour.ASKS_ALWAYS and not has_proved:
        return ("needs-member", "") if with_member else ("declined", "authentication_required")
    return ("processing", "") if behaviour is Behaviour.PROCESSING else ("paid", "")


def asks_at_page(card: Card) -> bool:
    """Whether the page asks who its member is before it goes on."""
    return Behaviour(card.behaviour) in ASKS
