"""What members see: test numbers only, every page marked, nothing typed shown or kept."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sim.payments.cards import NUMBERS, CardRefused, typed
from sim.payments.server import Sandbox, Wanted
from sim.payments.web import Request, Response

BACK = "http://127.0.0.1:8000/back/"
NOW_S = 1_795_000_000


class Bench:
    """The service without a network, and a clock to move."""

    def __init__(self, database: Path) -> None:
        self.now_s = NOW_S
        self.sandbox = Sandbox(Wanted(database, "key", "secret", "", "http://pay", clock=lambda: self.now_s))

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Response:
        path, _, query = path.removeprefix("http://pay").partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        pairs = dict(pair.split("=") for pair in query.split("&") if pair)
        return self.sandbox.answer(Request(method, path, pairs, named, body.encode()))

    def visit(self, mode: str = "setup") -> str:
        customer = self.sandbox.service.customer("somebody")
        yen = 8_800 if mode == "payment" else 0
        return self.sandbox.service.begin_visit(mode, f"key {self.now_s}", customer, BACK, BACK, yen, "<定期券>").id


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "sandbox.sqlite3")
    yield made
    made.sandbox.close()


def form(number: str, expiry: str = "12/34", code: str = "123") -> str:
    return f"number={number}&expiry={expiry.replace('/', '%2F')}&code={code}"


def test_every_test_number_is_a_card_number_by_its_check_digit() -> None:
    for card in NUMBERS:
        digits = [int(digit) for digit in reversed(card.number)]
        assert sum(d if at % 2 == 0 else sum(divmod(2 * d, 10)) for at, d in enumerate(digits)) % 10 == 0
    assert len({card.number for card in NUMBERS}) == len(NUMBERS)


@pytest.mark.parametrize(
    ("number", "expiry", "code", "refused"),
    [
        ("4111111111111111", "12/34", "123", "not-a-test-number"),
        ("", "12/34", "123", "not-a-test-number"),
        ("４２４２424242424242", "12/34", "123", "not-a-test-number"),
        ("4242424242424242", "10/26", "123", "expiry"),
        ("4242424242424242", "13/34", "123", "expiry"),
        ("4242424242424242", "1234", "123", "expiry"),
        ("4242424242424242", "12/34", "12", "security-code"),
        ("4242424242424242", "12/34", "12a", "security-code"),
    ],
)
def test_what_is_no_test_card_is_refused_by_its_code(number: str, expiry: str, code: str, refused: str) -> None:
    with pytest.raises(CardRefused) as why:
        typed(number, expiry, code, date(2026, 11, 21))
    assert why.value.code == refused
    assert number == "" or number not in str(why.value)


def test_a_card_of_this_month_still_holds() -> None:
    assert typed("4242 4242-4242 4242", "11/2026", "1234", date(2026, 11, 30)).brand == "visa"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_says_that_it_is_simulated(bench: Bench, language: str) -> None:
    visit, payment = bench.visit(), bench.visit("payment")
    bench.ask("POST", f"/pay/{payment}", form("4242424242424242"))
    paid = bench.sandbox.service.visit(payment).payment
    for path in ("/", "/control", f"/pay/{visit}", f"/pay/{payment}", f"/payments/{paid}", "/nowhere"):
        page = bench.ask("GET", f"{path}?lang={language}")
        assert '<p class="mark">模擬決済</p>' in page.body.decode()
        assert f'<html lang="{language}">' in page.body.decode()
        assert "default-src 'none'" in dict(page.headers)["Content-Security-Policy"]


def test_what_callers_say_is_escaped(bench: Bench) -> None:
    page = bench.ask("GET", f"/pay/{bench.visit('payment')}").body.decode()
    assert "&lt;定期券&gt;" in page
    assert "<定期券>" not in page


def test_a_form_may_lead_back_to_the_caller(bench: Bench) -> None:
    page = bench.ask("GET", f"/pay/{bench.visit()}")
    assert "form-action 'self' http://127.0.0.1:8000;" in dict(page.headers)["Content-Security-Policy"]


def test_faults_58_what_is_typed_is_neither_shown_nor_kept(bench: Bench, tmp_path: Path) -> None:
    visit = bench.visit()
    for number in ("4111111111111111", "4000000000000002", "4242424242424242"):
        page = bench.ask("POST", f"/pay/{visit}", form(number, code="987"))
        assert number.encode() not in page.body
        assert b"987" not in page.body
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"4242" in kept  # the last four
    assert b"4242424242424242" not in kept
    assert b"4111111111111111" not in kept


def test_another_sites_form_is_refused(bench: Bench) -> None:
    visit = bench.visit()
    for origin in ("http://evil.example", "null"):
        refused = bench.ask("POST", f"/pay/{visit}", form("4242424242424242"), origin=origin, host="pay")
        assert refused.status == 403
    assert bench.ask("POST", f"/pay/{visit}", form("4242424242424242"), origin="http://pay", host="pay").status == 303


def test_a_page_does_what_it_is_for_once_and_not_for_ever(bench: Bench) -> None:
    visit = bench.visit()
    assert bench.ask("POST", f"/pay/{visit}", "cancel=1").headers == (("Location", BACK),)
    assert bench.ask("POST", f"/pay/{visit}", form("4242424242424242")).status == 303
    assert bench.ask("POST", f"/pay/{visit}", form("4242424242424242")).status == 410
    bench.now_s += 1
    late = bench.visit()
    bench.now_s += 86_401
    assert bench.ask("GET", f"/pay/{late}").status == 410
    assert bench.ask("POST", f"/pay/{late}", form("4242424242424242")).status == 410


def test_a_member_who_says_it_is_not_them_registers_nothing(bench: Bench) -> None:
    visit = bench.visit()
    asked = bench.ask("POST", f"/pay/{visit}", form("4000002500003155"))
    where = dict(asked.headers)["Location"]
    assert where.startswith("/who/")
    assert bench.ask("GET", where).status == 200
    assert bench.ask("POST", where, "no=1").status == 422
    assert bench.sandbox.service.visit(visit).state == "open"


@pytest.mark.parametrize("path", ["/api/payments", "/v1/payment_intents", "/control/books", "/control/notices"])
def test_machines_need_the_key(bench: Bench, path: str) -> None:
    assert bench.ask("GET", path).status == 401
    assert bench.ask("GET", path, authorization="Bearer no").status == 401
    assert bench.ask("GET", path, authorization="Bearer é").status == 401


def test_by_hand_testers_wish_refund_and_send_again(bench: Bench) -> None:
    visit = bench.visit("payment")
    bench.ask("POST", f"/pay/{visit}", form("4242424242424242"))
    paid = bench.sandbox.service.visit(visit).payment
    assert bench.ask("POST", f"/payments/{paid}/refund").status == 303
    assert bench.sandbox.service.payment(paid).refunded_yen == 8_800
    assert bench.ask("POST", "/control", "hold_notices=1&lose_answers=2&busy=").status == 303
    assert (bench.sandbox.control.get("hold_notices"), bench.sandbox.control.get("lose_answers")) == (1, 2)
    assert bench.ask("POST", "/control", "busy=-1").status == 404
    event = bench.sandbox.notices.events()[0]
    assert bench.ask("POST", f"/control/again/{event.id}").status == 303
    assert "refund.created" in bench.ask("GET", "/control").body.decode()
