"""Cards that were tapped are judged: all their taps on whatever vehicles, beside what the ledger says (CTR-4).

Away from the way in, so that a segment is acknowledged without waiting for it. The judgement depends on what is known
of a card alone, so that vehicles may come in in any order: what was judged otherwise before is booked the other way
round.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from django.db import transaction

from cardimage.layout.slots import decode_slot
from centre.bundles import records as directives
from centre.cards.models import Card, State
from centre.ledger import card_account, chain, findings, services
from centre.ledger.booking import Account, Booking, What
from centre.ledger.booking import Kind as Of
from centre.ledger.card_account import Side
from centre.ledger.chain import UNDECIDED, Judged, Seen, Wrong
from centre.ledger.cutting_off import stopped_from
from centre.ledger.findings import Finding, Kind
from centre.ledger.from_journal import FOREIGN, purses_of
from centre.ledger.models import CardStanding, PostingRow, Tap
from centre.ledger.settling import Settling
from farebox.formats.journal import Intent, decode

AT_ONCE = 200
"""Cards that are judged in one transaction."""
_HERE = (Wrong.FORKED, Wrong.CLAIMED_TWICE)
"""What is wrong with a card of another issuer, too: what it does elsewhere is not known here."""


def judge_some(most: int = AT_ONCE) -> int:
    """Judge cards that were tapped since they were judged last; how many were."""
    with transaction.atomic():
        waiting = CardStanding.objects.select_for_update().filter(to_judge=True)
        cards = list(waiting.order_by("pk")[:most])
        if cards:
            _judge(cards)
    return len(cards)


def judge_all() -> int:
    """Judge every card there is, whether anything came of it or not; how many were."""
    CardStanding.objects.update(to_judge=True)
    judged = 0
    while some := judge_some():
        judged += some
    return judged


def _judge(cards: Sequence[CardStanding]) -> None:
    idms = [card.idm for card in cards]
    taps = defaultdict[str, list[Tap]](list)
    for tap in Tap.objects.filter(idm__in=idms).select_related("run"):
        taps[tap.idm].append(tap)
    judged = {idm: chain.judge(map(_seen, taps[idm])) for idm in idms}
    stops = stopped_from(idms)
    _settle(judged, taps, stops)
    sides = _sides(idms)
    states = dict(Card.objects.filter(idm__in=idms).values_list("idm", "state"))
    found, made = list[Finding](), list[Booking]()
    for card in cards:
        card.to_judge = False
        if taps[card.idm]:
            one = _OfCard(card, judged[card.idm], taps[card.idm], states.get(card.idm), card.idm in stops)
            made += one.stands(sides[card.idm])
            found += one.wrong(sides[card.idm])
    services.book(made)
    findings.found_of_cards(idms, found)
    CardStanding.objects.bulk_update(cards, ["scheme", "purses", "write_counter", "seen_at_s", "seen_by", "to_judge"])


def _seen(tap: Tap) -> Seen:
    moves_money = bool(tap.paid_yen or tap.cash_yen or tap.due_yen or tap.note_yen or tap.auto_charge_yen)
    slots = bytes(tap.slot_before), bytes(tap.slot_after)
    return Seen(tap.key, tap.at_s, tap.write_counter, *slots, chain.End(tap.end), moves_money)


def _settle(judged: Mapping[str, Judged], taps: Mapping[str, list[Tap]], stops: Mapping[str, int]) -> None:
    """What the other taps say of those whose own terminal can't tell."""
    settling, settled = Settling(), list[Tap]()
    for idm, of_card in judged.items():
        for tap in taps[idm]:
            if tap.end in UNDECIDED and tap.settled is not of_card.ends[tap.key]:
                intent = decode(bytes(tap.payload)).record
                assert isinstance(intent, Intent)
                stopped = tap.at_s >= stops.get(idm, tap.at_s + 1)
                settling.settle(tap, intent, of_card.ends[tap.key], stopped)
                settled.append(tap)
                if of_card.ends[tap.key]:
                    directives.was_written(tap.journal, tap.seq, tap.at_s)
    settling.write()
    Tap.objects.bulk_update(settled, ["settled", "revision"])


def _sides(idms: Sequence[str]) -> dict[str, list[Side]]:
    found = defaultdict[str, list[Side]](list)
    rows = PostingRow.objects.filter(card__in=idms).values_list(
        *("card", "booking__key", "booking__at_s", "booking__what", "kind", "company", "of", "yen")
    )
    for card, key, at_s, what, kind, company, of, yen in rows:
        found[card].append(Side(key, at_s, What(what), Account(Of(kind), company, of), yen))
    return found


class _OfCard:
    """A card and what its taps say of it."""

    def __init__(
        self, card: CardStanding, judged: Judged, taps: Sequence[Tap], state: str | None, stopped: bool
    ) -> None:
        self._card, self._judged, self._state, self._stopped = card, judged, state, stopped
        self._newest = max(taps, key=lambda tap: (tap.write_counter, tap.at_s))
        self._foreign = self._newest.scheme in FOREIGN

    def stands(self, sides: list[Side]) -> list[Booking]:
        """Note how it stands. What it held when it was first seen is booked, if nobody here sold it; and as a loss what
        came in once its balance had gone. The sides are added.
        """
        card, newest = self._card, self._newest
        card.scheme, card.seen_by, card.seen_at_s = newest.scheme, newest.terminal, newest.at_s
        card.write_counter, card.purses = self._judged.counter, _held(self._judged.last)
        made = None
        if self._ended(sides):
            made = card_account.loss(card.scheme, card.idm, sides)
        elif not self._foreign and not card_account.is_brought_in(sides):
            first = self._judged.first
            assert first is not None
            made = card_account.opening(card.scheme, card.idm, _held(first.before), first.at_s, sides)
        if made is None:
            return []
        sides += card_account.sides_of(made)
        return [made]

    def wrong(self, sides: Sequence[Side]) -> Iterator[Finding]:
        """What a person must look at."""
        card = self._card
        for wrong, keys in self._judged.found:
            if not self._foreign or wrong in _HERE:
                yield Finding(Kind(wrong.value), card.idm, taps=keys)
        if self._foreign:
            return
        if self._state is None:
            yield Finding(Kind.UNKNOWN_CARD, card.idm)
        left_yen = -card_account.lost_late_yen(sides) if self._state == State.REPLACED else 0
        if left_yen > 0:
            yield Finding(Kind.LEFT_OVER, card.idm, yen=left_yen)
        if not self._stopped and not self._ended(sides):
            more = card_account.disagreement(card.purses, self._newest.at_s, sides)
            if more:
                yield Finding(Kind.DISAGREES, card.idm, yen=sum(more.values()))

    def _ended(self, sides: Sequence[Side]) -> bool:
        return self._state == State.REPLACED or card_account.has_ended(sides)


def _held(block: bytes) -> dict[str, int]:
    slot = decode_slot(block)
    return purses_of(slot) if slot else {}
