"""What the other parts of the centre have told to vehicles: cards stopped, cards without credit, directives.

    stop("012E...", "reported lost")                   refused at every reader, from the next bundle on (GEN-11)
    bar_auto_charge("012E...", "billing failed")       no credit (AUT-6)
    direct(card, first_day, [AutoChargeOff()])         written at the card's first tap from that day on (CTR-3)
    seen("012E...", 7, at_s)                           a bus wrote it

Each is one transaction and may come twice. IDms are 16 hex digits, upper case.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Max, QuerySet, Sum
from django.db.models.functions import Least

from centre import clock
from centre.bundles.lifecycle import OPEN, Phase, later_ones, may_become, moot
from centre.bundles.models import Directive, Kind, Listed, NoAutoCharge, Numbers, Published, Restored, Stopped
from centre.bundles.publishing import current, publish
from centre.cards.models import Card
from centre.users.models import User
from farebox.formats import bundle as form
from farebox.formats.bundle import MOST_DIRECTIVES, MOST_NUMBER, Change

__all__ = [
    "DirectiveFault",
    "bar_auto_charge",
    "current",
    "direct",
    "publish",
    "refused_by_card",
    "restored",
    "seen",
    "stop",
    "unbar_auto_charge",
    "unstop",
    "withdraw",
]


class DirectiveFault(Exception):
    """A directive that can't be given: says why and what to do."""


# -- lists


def stop(idm: str, why: str, by: User | None = None) -> Stopped:
    """Every reader refuses this card, from the next bundle on. One that is stopped already stays so, as it was said."""
    with transaction.atomic():
        found = _standing(Stopped, idm).first()
        return found or Stopped.objects.create(idm=_checked(idm), why=why[:200], since_s=clock.now_s(), stopped_by=by)


def unstop(idm: str, why: str = "", by: User | None = None) -> bool:
    """The card is taken again; False if it was not stopped."""
    with transaction.atomic():
        lifted = _standing(Stopped, idm).update(until_s=clock.now_s(), lifted_by=by, lifted_why=why[:200])
    return lifted > 0


def bar_auto_charge(idm: str, why: str) -> NoAutoCharge:
    """This card gets no credit, because its billing failed (AUT-6)."""
    with transaction.atomic():
        found = _standing(NoAutoCharge, idm).first()
        return found or NoAutoCharge.objects.create(idm=_checked(idm), why=why[:200], since_s=clock.now_s())


def unbar_auto_charge(idm: str) -> bool:
    """It gets credit again; False if it was not barred."""
    with transaction.atomic():
        return _standing(NoAutoCharge, idm).update(until_s=clock.now_s()) > 0


_L = TypeVar("_L", bound=Listed)


def _standing(model: type[_L], idm: str) -> QuerySet[_L]:
    """The one row of a card that stands on a list, locked."""
    return model._default_manager.select_for_update().filter(idm=_checked(idm), until_s=None)


def _checked(idm: str) -> str:
    if re.fullmatch("[0-9A-F]{16}", idm) is None:
        raise ValueError(f"{idm[:20]!r} is no IDm: 16 hex digits, upper case")
    return idm


# -- directives


@transaction.atomic
def direct(card: Card, first_day: date, changes: Sequence[Change]) -> Directive:
    """What changes on a card, from a day on. The same again, while it is still to be done, is the one that is there.

    First days never fall as numbers rise: those that begin later are given higher numbers anew. Raises DirectiveFault.
    """
    numbers = _numbers_of(card.idm)
    waiting = list(card.directives.filter(state__in=OPEN))
    same = [one for one in waiting if one.first_day == first_day and tuple(one.changes) == tuple(changes)]
    if same and not _overruled(same[-1], waiting):
        return same[-1]
    made = _add(card, numbers, first_day, changes)
    later = {one.number for one in later_ones(map(_value, waiting), first_day)}
    for one in waiting:
        if one.number in later:
            _end(one, Phase.WITHDRAWN, "renumbered", instead=_add(card, numbers, one.first_day, one.changes))
    _drop_moot(card)
    if card.directives.filter(state__in=OPEN).count() > MOST_DIRECTIVES:
        raise DirectiveFault(f"card {card.number} has {MOST_DIRECTIVES} changes waiting; let a bus write them first")
    return made


def withdraw(directive: Directive, why: str = "") -> bool:
    """It is not to be written any more; False if it was over already. A bus that has not heard may still write it."""
    with transaction.atomic():
        _numbers_of(directive.card.idm)
        directive.refresh_from_db()
        return _end(directive, Phase.WITHDRAWN, why)


def seen(idm: str, number: int, at_s: int) -> int:
    """A journal says that a card has this directive on it (`directive-applied`), or the counter does.

    A card takes them in order: what was open below that number is on it too. Returns how many are done by it.
    """
    with transaction.atomic():
        _reach(idm, number)
        rows = Directive.objects.filter(card__idm=idm, number__lte=number)
        done = [one for one in rows if one.number == number or one.is_open]
        return sum(_end(one, Phase.APPLIED, "", at_s) for one in done)


def refused_by_card(idm: str, number: int, at_s: int, why: str) -> bool:
    """A journal says that a card has no room for a directive (`directive-refused`): those behind it go on without."""
    with transaction.atomic():
        _reach(idm, number)
        row = Directive.objects.filter(card__idm=idm, number=number).first()
        return row is not None and _end(row, Phase.REFUSED, why, at_s)


@transaction.atomic
def restored(at_s: int, backed_up_at_s: int = 0) -> int:
    """The database came back from a backup: numbers that were given since are jumped over on every card.

    One for each minute since the backup, or the newest thing known here, and 256. Returns how many. Hotlist and
    directives are signed anew at the next publication; a tariff is not, for vehicles may have a newer one that is to
    be released here again.
    """
    known = [model.objects.aggregate(at_s=Max("made_at_s"))["at_s"] or 0 for model in (Directive, Published)]
    newest = max(backed_up_at_s, *known)
    lost_s = at_s - newest if newest else 0
    numbers = min(_JUMP + max(lost_s, 0) // 60, MOST_NUMBER)
    Restored.objects.create(at_s=at_s, numbers=numbers)
    Published.objects.exclude(kind=Kind.TARIFF).update(contents="", marks="")
    Numbers.objects.update(last=Least(F("last") + numbers, MOST_NUMBER))
    return numbers


_JUMP = 256


def _numbers_of(idm: str) -> Numbers:
    """The card's numbers, locked: whoever changes its directives waits here."""
    floor = Restored.objects.aggregate(numbers=Sum("numbers"))["numbers"] or 0
    Numbers.objects.get_or_create(idm=_checked(idm), defaults={"last": min(floor, MOST_NUMBER)})
    return Numbers.objects.select_for_update().get(idm=idm)


def _reach(idm: str, number: int) -> None:
    """A number that stands on a card was given, even if a backup knows nothing of it."""
    numbers = _numbers_of(idm)
    if numbers.last < number <= MOST_NUMBER:
        numbers.last = number
        numbers.save()


def _add(card: Card, numbers: Numbers, first_day: date, changes: Sequence[Change]) -> Directive:
    if numbers.last >= MOST_NUMBER:
        raise DirectiveFault(f"card {card.number} has had {MOST_NUMBER} changes, its last number; exchange the card")
    numbers.last += 1
    numbers.save()
    try:
        entry = form.encode_directive(form.Directive(numbers.last, first_day, tuple(changes)))
        form.read_directive(entry)
    except form.BundleError as error:
        raise DirectiveFault(f"card {card.number}: {error}") from None
    return Directive.objects.create(
        card=card, number=numbers.last, first_day=first_day, entry=entry, made_at_s=clock.now_s()
    )


def _drop_moot(card: Card) -> None:
    waiting = list(card.directives.filter(state__in=OPEN))
    overruled = {one.number for one in moot([_value(one) for one in waiting], clock.today())}
    for one in waiting:
        if one.number in overruled:
            _end(one, Phase.WITHDRAWN, "overruled")


def _overruled(directive: Directive, waiting: Sequence[Directive]) -> bool:
    later = [_value(one) for one in waiting if one.number >= directive.number]
    return _value(directive) in moot(later, directive.first_day)


def _value(directive: Directive) -> form.Directive:
    return form.read_directive(bytes(directive.entry))


def _end(
    directive: Directive, phase: Phase, why: str, at_s: int | None = None, instead: Directive | None = None
) -> bool:
    """It goes that way, if it may; False if word of it comes twice or too late."""
    if not may_become(Phase(directive.state), phase):
        return False
    directive.state, directive.why, directive.instead = phase, why[:200], instead
    directive.ended_at_s = clock.now_s() if at_s is None else at_s
    directive.save()
    return True
