"""`farebox card rekey`: gives a card the newest key."""

import click

from farebox.words import Language
from reader.issuing import Rekeyed, rekey_card
from tools.card.counter import Place, at_counter, counter_options


@click.command(short_help="Give a card the newest key.")
@counter_options
def rekey(spec: str, keys_at: str | None, wait_s: float, language: Language, as_json: bool) -> None:
    """Change a card's key to the newest version that the key file holds. What the card holds stays.

    \b
    farebox card rekey --reader usb --keys card.keys

    The new key is on the air once, without encryption: do it where nobody else has a reader, never on a bus.
    docs/keys.md tells how keys are rotated.
    """
    place = Place(spec, keys_at, wait_s, language, as_json)
    with at_counter(place) as counter:
        done: Rekeyed = counter.insist(lambda: rekey_card(counter.bench, counter.polled))
    facts: dict[str, object] = {"idm": done.idm.hex().upper(), "was": done.was, "key_version": done.key_version}
    text = (
        f"{spec}: 鍵のバージョン {done.was} → {done.key_version}",
        f"{spec}: key version {done.was} → {done.key_version}",
    )
    place.done(facts, text)
