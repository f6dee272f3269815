"""A counter with cards on it, for tests: a drawer of images, a register, and what is prepared on them."""

from collections.abc import Iterable
from datetime import date, timedelta

from cardimage.image import blank_lite_s, dump
from cardimage.issue import issue
from centre.cards.models import Card, Holder, SoldPass
from centre.counter.books import purses_of
from centre.counter.carrying import Approval, Counter, carry_out
from centre.counter.desk import Blank, Desk, ImageDesk, Seen
from centre.counter.models import ActState, CounterAct
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.values import HolderData, PassHeld, Registered, idm_text
from centre.counter.register import registered
from centre.ledger.events import opened
from centre.ledger.models import PostingRow
from centre.ledger.services import balance_of, book
from centre.users.models import Role, User
from farebox.feed.operators import load_operators
from tariff.account import Account, HolderKind, Pass, Section
from tariff.calendar import midnight_in_japan_s
from tariff.purses import money_yen
from tariff.refusal import Refusal
from tariff.rulebook import CardKind, Rulebook

TODAY = date(2026, 11, 21)
NOW_S = midnight_in_japan_s(TODAY) + 10 * 3_600
TILL = "窓口1"
TARO = HolderData("ヤマダタロウ", "0248240489", date(1990, 5, 5), "m")
HANA = HolderData("ヤマダハナ", "0248240489", date(2014, 4, 2), "f")
_OPERATORS = load_operators()
LOCOCA, IWATE, NORUCA, AIZU = (
    _OPERATORS.on(scheme, TODAY) for scheme in ("lococa", "iwate-green-pass", "noruca", "aizu-noruca")
)
SHIPPED = {book.scheme: book for book in (LOCOCA, IWATE, NORUCA, AIZU)}
_KINDS = (
    CardKind("adult", "大人", "NOR-4", HolderKind.ADULT, "either", "none", ()),
    CardKind("child", "小児", "NOR-4", HolderKind.CHILD, "named", "school", ()),
)


def configured(rulebook: Rulebook, shape: str = "separate-fees") -> Rulebook:
    """The operator's rules with all filled in that no source states (GEN-17): a company of our own making."""
    counter = rulebook.counter._replace(
        deposit_yen=500,
        sold_at_yen=(1_500, 2_500),
        card_refund=shape,
        card_refund_fee_yen=220,
        pass_refund_fee_yen=500,
        lost_reissue_fee_yen=520,
        slip_days=14,
        procedures=frozenset({"data-change", "void", "exchange"}),
    )
    return rulebook._replace(counter=counter, card_kinds=rulebook.card_kinds or _KINDS)


OPEN = {"lococa": LOCOCA, "iwate-green-pass": IWATE, "noruca": configured(NORUCA), "aizu-noruca": configured(AIZU)}
"""Rules by which every operation of every operator can be done."""
PREFIX = {"lococa": "LC", "iwate-green-pass": "IG", "noruca": "FK", "aizu-noruca": "AZ"}


def number_of(scheme: str, nth: int) -> str:
    """An engraved number: 16 characters."""
    return f"{PREFIX[scheme]}{nth:014}"


def idm_of(nth: int) -> bytes:
    return bytes.fromhex("012E4C") + nth.to_bytes(5, "big")


def pass_on(first: date, last: date, *, fare_yen: int = 230, company: int = 0, product: int = 1) -> Pass:
    return Pass(product, company, first, last, False, (Section(1, 2, False, fare_yen),))


def seen_as(account: Account, nth: int = 1, number: str = "") -> Seen:
    """A card that holds this, as it lies on a desk."""
    image = issue(idm_of(nth), account, number or number_of(account.scheme, nth), TODAY)
    laid = ImageDesk(dump(image), "card").look()
    assert isinstance(laid, Seen)
    return laid


def register_of(
    account: Account,
    nth: int = 1,
    *,
    kind: str = "general",
    state: str = "in-use",
    holder: HolderData | None = TARO,
    deposit_yen: int = 500,
    passes: Iterable[tuple[Pass, int]] = (),
) -> Registered:
    """The register's word of such a card, no database asked."""
    return Registered(
        idm_of(nth),
        account.scheme,
        number_of(account.scheme, nth),
        kind,
        account.named,
        state,
        TODAY - timedelta(days=100),
        account.expires,
        deposit_yen,
        account,
        holder if account.named else None,
        tuple(PassHeld(row, "commuter", held, price) for row, (held, price) in enumerate(passes, 1)),
    )


def lines_of(outcome: Prepared | Refusal) -> list[tuple[str, int]]:
    """What is taken and given, by what for."""
    assert isinstance(outcome, Prepared), outcome
    return [(line.what.value, line.yen) for line in outcome.lines]


def refused(outcome: object) -> str:
    """Code and rule of a refusal."""
    assert isinstance(outcome, Refusal), outcome
    return f"{outcome.code} {outcome.rule}"


# -- with the database


class Stage:
    """One operator's counter: people, a till, cards; the rules are `OPEN`'s."""

    def __init__(self, scheme: str = "lococa", rulebook: Rulebook | None = None) -> None:
        self.scheme = scheme
        self.rulebook = rulebook or OPEN[scheme]
        self.day = TODAY
        self.clerk = User.objects.create_user("clerk@example.jp", "x", role=Role.CLERK, scheme=scheme)
        self.other = User.objects.create_user("chief@example.jp", "x", role=Role.SUPERVISOR, scheme=scheme)
        self.images: dict[bytes, bytes] = {}
        self.keys = 0

    @property
    def now_s(self) -> int:
        return midnight_in_japan_s(self.day) + 10 * 3_600

    # -- cards

    def blank(self, nth: int) -> ImageDesk:
        """A blank card on the desk."""
        return ImageDesk(dump(blank_lite_s(idm_of(nth))), "blank")

    def card(
        self,
        account: Account,
        nth: int = 1,
        *,
        kind: str = "general",
        holder: HolderData | None = TARO,
        price_yen: int = 0,
        deposit_yen: int = 500,
    ) -> ImageDesk:
        """A card that was issued long ago, on the desk: in the register, in the ledger, with its pass if it has one."""
        number, idm = number_of(account.scheme, nth), idm_of(nth)
        row = Card.objects.create(
            idm=idm_text(idm),
            scheme=account.scheme,
            number=number,
            kind=kind,
            named=account.named,
            issued_on=TODAY - timedelta(days=100),
            expires=account.expires,
            deposit_yen=deposit_yen,
        )
        if account.named and holder:
            Holder.objects.create(card=row, consent_on=TODAY, **holder._asdict())
        held = account.held_pass
        if held:
            product = self.rulebook.product(held.product)
            assert product is not None
            SoldPass.objects.create(
                card=row,
                product=product.name,
                company=held.company,
                first_day=held.first_day,
                last_day=held.last_day,
                bearer=held.bearer,
                sections=[list(section) for section in held.sections],
                price_yen=price_yen,
                sold_on=held.first_day,
            )
        book(
            [
                opened(
                    f"opening:{nth}",
                    self.now_s - 86_400,
                    account.scheme,
                    idm_text(idm),
                    purses_of(account),
                    deposit_yen,
                )
            ]
        )
        return ImageDesk(dump(issue(idm, account, number, TODAY - timedelta(days=100))), number)

    def seen(self, desk: Desk) -> Seen:
        laid = desk.look()
        assert isinstance(laid, Seen), laid
        return laid

    def lying(self, desk: Desk) -> Blank:
        laid = desk.look()
        assert isinstance(laid, Blank), laid
        return laid

    def register(self, nth: int = 1) -> Registered:
        found = registered(idm_of(nth), self.rulebook, self.day)
        assert found is not None
        return found

    # -- doing

    def counter(self, desk: Desk | None) -> Counter:
        return Counter(desk, TILL, self.clerk, self.rulebook, self.day, self.now_s)

    def do(
        self, prepared: Prepared | Refusal | None, desk: Desk | None = None, key: str = "", approved: bool = False
    ) -> CounterAct | Refusal:
        assert isinstance(prepared, Prepared), prepared
        self.keys += 1
        approval = Approval(self.other) if approved else None
        return carry_out(prepared, self.counter(desk), key or f"key-{self.keys}", approval)

    def done(
        self, prepared: Prepared | Refusal | None, desk: Desk | None = None, key: str = "", approved: bool = False
    ) -> CounterAct:
        act = self.do(prepared, desk, key, approved)
        assert isinstance(act, CounterAct), act
        assert act.state == ActState.DONE
        return act


def till_yen() -> int:
    """What the till holds by the ledger."""
    return sum(int(row.yen) for row in PostingRow.objects.filter(kind="till"))


def ledger_yen(*kinds: str) -> int:
    """What stands on accounts of these kinds, credits positive."""
    return -sum(int(row.yen) for row in PostingRow.objects.filter(kind__in=kinds))


def held_yen(nth: int) -> int:
    """What the ledger says that a card holds, in yen and points."""
    return sum(balance_of(idm_text(idm_of(nth))).values())


def on_card_yen(seen: Seen) -> int:
    """What the card says that it holds."""
    points = seen.account.points.points if seen.account.points else 0
    return money_yen(seen.account) + points + seen.account.welfare_points
