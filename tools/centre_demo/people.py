"""Who and what a demo begins with: clerks, a member, cards with their images, a pass, a notice, vehicles (模擬).

Runs with Django set up, by the demo's settings.
"""

import secrets
from datetime import date, timedelta
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.db import transaction

from cardimage.image import blank_lite_s, dump
from cardimage.issue import issue
from centre import clock
from centre.cards.models import Card, Holder, SoldPass
from centre.collector.vehicles import add_vehicle
from centre.counter.books import purses_of
from centre.counter.models import DrawerCard
from centre.keys import keys_file
from centre.ledger.events import opened
from centre.ledger.services import book
from centre.portal.models import Member, MemberCard, Notice
from centre.users.models import Role, User
from farebox.feed import Feed, load_feed
from farebox.feed.operators import load_operators
from farebox.formats.cose import public_key_of
from farebox.journal.log import open_journal
from tariff.account import Account, HolderKind, Pass, Section
from tariff.products import Buyer, Order, Purchase, Sale, sell
from tariff.rulebook import Rulebook
from tools.centre_demo.places import BUSES, CLERKS, KANA, MEMBER, PASSWORD, TELEPHONE, Demo, private
from tools.feeds import SAMPLE, feed_path

HOLDER = {"kana_name": KANA, "sex": "f", "telephone": TELEPHONE}
BIRTH = date(1990, 4, 1)
_PASS_FARE_YEN = 230
_STOPS = ("若松駅前", "西若松駅東口")
"""Where the member's pass goes from and to, in the sample feed."""
_PASS_BEGAN_DAYS = 25
"""A pass of a month then ends in two to five days, so it is renewed today as well as tomorrow (PRT-5)."""
_ISSUED_DAYS = 100


class _Given(NamedTuple):
    """A card of the demo: its name in the drawer, what it holds, whether it has a holder."""

    name: str
    account: Account
    in_portal: bool = False


@transaction.atomic
def fill(demo: Demo) -> None:
    """Everything at once, or nothing."""
    today = clock.today()
    feed = load_feed(feed_path(SAMPLE))
    for email, (role, scheme) in CLERKS.items():
        _user(email, Role(role), scheme)
    member = Member.objects.create(
        user=_user(MEMBER, Role.MEMBER, ""), postal_code="9650024", birth=BIRTH, terms_agreed_on=today
    )
    operators = load_operators()
    for scheme in BUSES.values():
        rulebook = operators.on(scheme, today)
        for nth, given in enumerate(_cards(scheme, rulebook, feed, today), 1):
            kind = _kind(given.account, rulebook)
            card = _in_use(scheme, nth, kind, given, today)
            if given.in_portal:
                MemberCard.objects.create(member=member, card=card, added_on=today)
        idm = _idm(scheme, 0x90)
        DrawerCard.objects.create(scheme=scheme, name="白いカード（未発行・模擬）", data=dump(blank_lite_s(idm)))
    Notice.objects.create(
        title="模擬の会員ページです",
        title_en="This is a demo (模擬)",
        text="カードもお金も本物ではありません。",
        text_en="Neither cards nor money are real.",
        first_day=today,
    )
    for name in BUSES:
        _vehicle(demo, name)


def _cards(scheme: str, rulebook: Rulebook, feed: Feed, today: date) -> tuple[_Given, ...]:
    plain = Account(scheme, 3_000, HolderKind.ADULT)
    cards = (
        _Given("一般", plain),
        _Given("一般（残額わずか）", plain._replace(stored_fare_yen=120)),
        _Given("小児", plain._replace(holder=HolderKind.CHILD, stored_fare_yen=2_000)),
    )
    named = plain._replace(named=True)
    if scheme != "aizu-noruca":
        return (*cards, _Given("記名", named._replace(stored_fare_yen=15_000)))
    held = _pass(rulebook, feed, named, today)
    return (
        *cards,
        _Given("会員（定期券）", named._replace(held_pass=held), in_portal=True),
        _Given("会員（追加前）", named._replace(stored_fare_yen=1_000)),
    )


def _kind(account: Account, rulebook: Rulebook) -> str:
    """What the operator's file calls such a card; nothing where it names no kinds."""
    kinds = [each for each in rulebook.card_kinds if each.holder is account.holder]
    fitting = [each for each in kinds if each.named in ("either", "named" if account.named else "anonymous")]
    return next((each.name for each in (*fitting, *kinds)), "")


def _pass(rulebook: Rulebook, feed: Feed, account: Account, today: date) -> Pass:
    """A commuter pass of a month, which ends soon."""
    first = today - timedelta(days=_PASS_BEGAN_DAYS)
    start, end = map(feed.register.stop_number, _STOPS)
    sections = (Section(start, end, False, _PASS_FARE_YEN),)
    purchase = Purchase("commuter", first, 1, fare_yen=_PASS_FARE_YEN)
    company = rulebook.companies[0].number
    order = Order(purchase, first, company, sections, dict(zip((start, end), _STOPS, strict=True)))
    sold = sell(order, Buyer(account, BIRTH), rulebook)
    assert isinstance(sold, Sale), sold
    return sold.held


def _in_use(scheme: str, nth: int, kind: str, given: _Given, today: date) -> Card:
    """A card issued a while ago: in the register, in the books, in the drawer."""
    issued, account = today - timedelta(days=_ISSUED_DAYS), given.account
    idm, number = _idm(scheme, nth), f"{'AZ' if scheme == 'aizu-noruca' else 'LC'}{nth:014}"
    card = Card.objects.create(
        idm=idm.hex().upper(), scheme=scheme, number=number, kind=kind, named=account.named, issued_on=issued
    )
    if account.named:
        Holder.objects.create(card=card, birth=BIRTH, consent_on=issued, **HOLDER)
    held = account.held_pass
    if held is not None:
        SoldPass.objects.create(
            card=card,
            product="commuter",
            company=held.company,
            first_day=held.first_day,
            last_day=held.last_day,
            bearer=held.bearer,
            sections=[list(section) for section in held.sections],
            stop_names=[list(_STOPS)],
            price_yen=_PASS_FARE_YEN * 42,
            sold_on=held.first_day,
        )
    book([opened(f"demo:{number}", clock.now_s(), scheme, card.idm, purses_of(account))])
    image = issue(idm, account, number, issued)
    DrawerCard.objects.create(scheme=scheme, name=f"{given.name}（模擬）", data=dump(image))
    return card


def _idm(scheme: str, nth: int) -> bytes:
    return bytes.fromhex("012E4D000000") + bytes([list(BUSES.values()).index(scheme), nth])


def _user(email: str, role: Role, scheme: str) -> User:
    user = User.objects.create_user(email, PASSWORD, role=role, scheme=scheme)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _vehicle(demo: Demo, name: str) -> None:
    """A vehicle with a sealing key and a token of its own, told to the centre, and its settings."""
    folder = demo.bus(name)
    folder.mkdir(parents=True)
    seed = secrets.token_bytes(32)
    private(folder / "sealing.key", seed.hex())
    open_journal(folder / "journal", sealing_seed=seed).journal.close()  # whichever of its two processes comes first
    private(folder / "token", add_vehicle(name, [public_key_of(seed).hex()]))
    (folder / "centre.pub").write_text(keys_file(), encoding="utf-8")
    (folder / "farebox.toml").write_text(
        f"""# A vehicle of the demo (模擬)
[vehicle]
id = "{name}"
operator = "{BUSES[name]}"
[readers]
entry = "usb"
[data]
feed = "{SAMPLE}"
register = "{folder}/register.csv"
journal = "{folder}/journal"
bundles = "{folder}/bundles"
[keys]
source = "bench"
sealing = "{folder}/sealing.key"
centre = "{folder}/centre.pub"
[clock]
source = "given"
told = "{folder}/time"
[exchange]
url = "https://127.0.0.1:{demo.buses_port}/bus/"
ca = "{demo.folder}/ca.pem"
token = "{folder}/token"
every_s = 10
""",
        encoding="utf-8",
    )
