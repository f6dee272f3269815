"""Where the service speaks as Stripe does, it does what Stripe's reference says of keys, fields, errors and lists."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sim.payments.cards import NUMBERS
from sim.payments.server import Sandbox, Wanted
from sim.payments.web import Request

BACK = "http://127.0.0.1:8000/back/"
BY_NUMBER = {card.number: card for card in NUMBERS}


class Caller:
    """Somebody with the key, a customer and a card."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.customer = self.post("customers", {}, "c")[1]["id"]
        self.token = self.card("4242424242424242")

    def card(self, number: str) -> str:
        service = self._sandbox.service
        visit = service.begin_visit("setup", number, self.customer, BACK, BACK)
        token = service.typed(visit.id, BY_NUMBER[number]).token
        service.finish(visit.id)
        return token

    def ask(self, method: str, path: str, query: dict[str, str], body: str, key: str) -> tuple[int, dict[str, Any]]:
        headers = {"authorization": "Bearer key", "idempotency-key": key}
        answer = self._sandbox.answer(Request(method, f"/v1/{path}", query, headers, body.encode()))
        return answer.status, json.loads(answer.body)

    def post(self, path: str, fields: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        return self.ask("POST", path, {}, urlencode(fields), key)

    def get(self, path: str, **query: str) -> tuple[int, dict[str, Any]]:
        return self.ask("GET", path, query, "", "")

    def intent(self, key: str, **other: str) -> tuple[int, dict[str, Any]]:
        fields = {"amount": "500", "currency": "jpy", "customer": self.customer, "payment_method": self.token}
        fields |= {"confirm": "true", "metadata[key]": key, "return_url": BACK}
        return self.post("payment_intents", fields | other, key)


@pytest.fixture
def caller() -> Iterator[Caller]:
    sandbox = Sandbox(Wanted(None, "key", "secret", "", "http://pay", clock=lambda: 1_795_000_000))
    yield Caller(sandbox)
    sandbox.close()


def test_a_key_that_comes_again_gets_the_first_answer_whatever_has_happened_since(caller: Caller) -> None:
    caller.token = caller.card("4000002760003184")
    status, first = caller.intent("k")
    assert (status, first["status"]) == (200, "requires_action")
    caller._sandbox.service.proved(first["id"], is_them=True)
    assert caller.intent("k")[1] == first
    assert caller.get(f"payment_intents/{first['id']}")[1]["status"] == "succeeded"


def test_a_key_with_other_fields_is_an_error_of_its_own_type(caller: Caller) -> None:
    caller.intent("k")
    status, said = caller.intent("k", amount="501")
    assert (status, said["error"]["type"]) == (400, "idempotency_error")


def test_a_lapsed_key_is_a_second_charge_as_it_would_be_there(caller: Caller) -> None:
    first = caller.intent("k")[1]
    caller._sandbox.service.forget_keys()
    second = caller.intent("k")[1]
    assert (first["id"] != second["id"], second["status"]) == (True, "succeeded")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"card[number]": "4242424242424242"}, "parameter_unknown"),
        ({"amount": "-1"}, "parameter_invalid_integer"),
        ({"amount": "1.5"}, "parameter_invalid_integer"),
        ({"amount": "0"}, "bad-amount"),
        ({"customer": ""}, "parameter_missing"),
        ({"currency": "usd"}, "currency_or_confirm"),
        ({"payment_method": "pm_none"}, "resource_missing"),
    ],
)
def test_what_it_cannot_take_it_refuses_by_code(caller: Caller, fields: dict[str, str], code: str) -> None:
    status, said = caller.intent("k", **fields)
    assert (status, said["error"]["code"]) == (404 if code == "resource_missing" else 400, code)
    assert caller.intent("k")[1]["status"] == "succeeded"  # an error takes no key


def test_a_decline_is_402_with_the_intent(caller: Caller) -> None:
    caller.token = caller.card("4000000000009995")
    status, said = caller.intent("k", off_session="true", return_url="")
    error = said["error"]
    assert (status, error["type"], error["code"]) == (402, "card_error", "card_declined")
    assert error["decline_code"] == "insufficient_funds"
    assert error["payment_intent"]["status"] == "requires_payment_method"


def test_lists_come_by_page_the_newest_first(caller: Caller) -> None:
    made = [caller.intent(f"k{nth}")[1]["id"] for nth in range(5)]
    page = caller.get("payment_intents", customer=caller.customer, limit="2")[1]
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (made[:2:-1], True)
    page = caller.get("payment_intents", customer=caller.customer, limit="9", starting_after=made[3])[1]
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (made[2::-1], False)
    future = {"created[gte]": "1795000001"}
    assert caller.get("payment_intents", customer=caller.customer, **future)[1]["data"] == []
    assert caller.get("payment_intents", starting_after="pi_none")[0] == 400


def test_events_tell_what_happened(caller: Caller) -> None:
    paid = caller.intent("k")[1]
    newest = caller.get("events")[1]["data"][0]
    assert (newest["type"], newest["data"]["object"]["id"]) == ("payment_intent.succeeded", paid["id"])


def test_a_page_that_has_ended_cannot_expire(caller: Caller) -> None:
    fields = {"mode": "setup", "currency": "jpy", "customer": caller.customer, "success_url": BACK}
    visit = caller.post("checkout/sessions", fields, "s")[1]["id"]
    assert caller.post(f"checkout/sessions/{visit}/expire", {}, "e")[1]["status"] == "expired"
    assert caller.post(f"checkout/sessions/{visit}/expire", {}, "f")[0] == 400
