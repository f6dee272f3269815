"""`farebox card wipe`: gives a card back, as far as its protection lets it."""

import click

from farebox.words import Language, say
from reader.issuing import Wiped, wipe_card
from tools.card.counter import LEFT, Place, at_counter, card_text, counter_options, yes_option


@click.command(short_help="Give a bench card back.")
@counter_options
@yes_option
def wipe(spec: str, keys_at: str | None, yes: bool, wait_s: float, language: Language, as_json: bool) -> None:
    """Erase a card that was issued with these keys: contents zero, the factory's key, no key version.

    \b
    farebox card wipe --reader usb
    farebox card wipe --reader usb --keys card.keys
    farebox card wipe --reader image:my.card.cbor --yes

    It says what the card is and asks first, and afterwards what could not be given back: the chip's protection bits
    never open again.
    """
    place = Place(spec, keys_at, wait_s, language, as_json, yes)
    with at_counter(place) as counter:
        state = counter.state()
        if not state.is_blank:
            what_ja, what_en = card_text(state)
            place.confirm((f"{what_ja}: 消去しますか", f"erase {what_en}"))
        done: Wiped = counter.insist(lambda: wipe_card(counter.bench, counter.polled))
    facts: dict[str, object] = {"idm": done.idm.hex().upper(), "left": [left.value for left in done.left]}
    text = (f"{spec}: 消去しました", f"{spec}: wiped")
    place.done(facts, text, *(say(LEFT[left], language) for left in done.left))
