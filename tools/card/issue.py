"""`farebox card issue`: makes a real, blank FeliCa Lite-S card one of ours."""

import time
from typing import Any

import click

from cardimage.issue import issue as image_of
from cardimage.layout.blocks import NUMBER_BLOCK
from cardimage.layout.number import decode_number
from cardimage.lite_s import S_PADS
from cardimage.protection import Protection, holds
from farebox.words import Language, say
from reader.issuing import Issued, issue_card
from tariff.calendar import day_in_japan
from tariff.purses import money_yen
from tools.card.counter import Place, at_counter, counter_options, yes_option
from tools.card.making import Order, account_of, card_options, engraved

_SURE = (
    "鍵で保護し、元に戻せません。続けますか",
    "this locks the card for good. Go on",
)

_OPEN = (
    "保護なし: 誰でも書き込めます。配布しないでください",
    "bench protection: anyone can write this card, and buses take it: never hand it out",
)


@click.command(short_help="Issue a real card.")
@counter_options
@yes_option
@click.option(
    "--protection",
    "level",
    type=click.Choice([protection.value for protection in Protection]),
    help="bench: can be wiped. locked: for good. By default locked with --keys, bench without.",
)
@card_options
def issue(
    spec: str,
    keys_at: str | None,
    yes: bool,
    wait_s: float,
    language: Language,
    as_json: bool,
    level: str | None,
    **words: Any,
) -> None:
    """Write a card's contents, its own key and its protection onto a blank FeliCa Lite-S card.

    \b
    farebox card issue --reader usb --operator lococa --balance 2000                   for the bench (模擬)
    farebox card issue --reader usb --operator lococa --keys card.keys                 for passengers: locked
    farebox card issue --reader image:my.card.cbor --operator lococa --balance 2000    a wiped image

    A card that leaves too soon is laid again, and goes on, on another day too: its day of issue stays. While it is
    issued its key is on the air: do it where nobody else has a reader. Without --keys the key is the bench's, which
    everyone knows.
    """
    place = Place(spec, keys_at, wait_s, language, as_json, yes)
    protection = Protection(level) if level else Protection.LOCKED if keys_at else Protection.BENCH
    if protection is Protection.LOCKED and keys_at is None:
        raise click.UsageError("--protection locked: with keys of your own only; give --keys FILE")
    order = Order(**words)
    today = order.issued or day_in_japan(int(time.time()))
    account = account_of(order, today)
    image_of(bytes(8), account, engraved(order, bytes(8)), today)  # what does not fit a card is said before one is laid
    if protection is Protection.LOCKED:
        place.confirm(_SURE)
    with at_counter(place) as counter:
        number = engraved(order, counter.polled.idm)
        begun = decode_number(counter.state().pads[NUMBER_BLOCK])  # an issue cut short on another day keeps its day
        issued = begun[1] if begun and order.issued is None else today
        blocks = image_of(counter.polled.idm, account, number, issued).lite_s_blocks() or {}
        pads = {block: blocks[block] for block in range(S_PADS)}
        done: Issued = counter.insist(lambda: issue_card(counter.bench, counter.polled, pads, protection))
    protection = Protection.LOCKED if holds(done.mc, Protection.LOCKED) else Protection.BENCH  # it may have been locked
    facts: dict[str, object] = {
        "idm": done.idm.hex().upper(),
        "number": number,
        "balance_yen": money_yen(account),
        "key_version": done.key_version,
        "protection": protection.value,
        "mc": done.mc.hex().upper(),
    }
    notes = (say(_OPEN, language),) if keys_at and protection is Protection.BENCH else ()
    text = (
        f"{spec}: 発行しました {number}、{money_yen(account):,} 円、保護 {protection}",
        f"{spec}: issued {number}, {money_yen(account):,} yen, protection {protection}",
    )
    place.done(facts, text, *notes)
