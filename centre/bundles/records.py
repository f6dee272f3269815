"""What the vehicles' journals say about directives: which stand on a card now, and which it has no room for.

A note `directive-applied` stands in the journal before the tap's intent, and holds if that intent was written. So it
waits here for its outcome, through restarts of the terminal and into later segments.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from centre.bundles.models import Carried
from centre.bundles.services import refused_by_card, seen
from farebox.formats.journal import Entry, Intent, Noted, Outcome, Resolved, Result, Settled

_APPLIED, _REFUSED = "directive-applied", "directive-refused"
_NUMBER = re.compile("([0-9]{1,5}) from ", re.ASCII)
_WHY = re.compile("([0-9]{1,5}): (.*)", re.ASCII | re.DOTALL)


@transaction.atomic
def follow(journal: str, entries: Iterable[Entry]) -> int:
    """Take in the records of a journal, segment after segment in order. How many directives are known to be on cards
    by them. `journal` names it among all journals of all vehicles: records count for each by itself.
    """
    before = list(Carried.objects.select_for_update().filter(journal=journal))
    held = list(before)
    entries = tuple(entries)
    told = any(isinstance(entry.record, Noted) and entry.record.code in (_APPLIED, _REFUSED) for entry in entries)
    if not told and not Carried.objects.filter(journal=journal).exists():
        return 0  # as nearly every segment: no tap of it need be looked at
    done = 0
    for entry in entries:
        match entry.record:
            case Noted(idm=idm, code=code, detail=detail) if code == _APPLIED and (found := _NUMBER.match(detail)):
                held.append(Carried(journal=journal, idm=_text(idm), number=int(found[1])))
            case Noted(idm=idm, code=code, detail=detail) if code == _REFUSED and (found := _WHY.fullmatch(detail)):
                refused_by_card(_text(idm), int(found[1]), entry.at_s, found[2])
            case Intent(idm=idm) if held:
                held = [one for one in held if one.intent_seq is not None or one.idm == _text(idm)]
                for one in held:  # the notes just before it; any of another card's are of a tap that came to nothing
                    one.intent_seq = entry.seq if one.intent_seq is None else one.intent_seq
            case Outcome(intent_seq=seq, result=result) | Resolved(intent_seq=seq, result=result) if held:
                done += _settled([one for one in held if one.intent_seq == seq], result, entry.at_s)
                held = held if result in _OPEN else [one for one in held if one.intent_seq != seq]
    if before or held:
        Carried.objects.filter(pk__in=[one.pk for one in before]).delete()
        Carried.objects.bulk_create(Carried(**_values(one)) for one in held)
    return done


@transaction.atomic
def was_written(journal: str, intent_seq: int, at_s: int) -> int:
    """An intent was written, by what another vehicle or a counter saw (faults 5). How many directives are on the card
    by it. If nobody ever learns, the directive stays in the bundle, and a card that has it passes it by.
    """
    carried = Carried.objects.select_for_update().filter(journal=journal, intent_seq=intent_seq)
    done = _settled(carried, "written", at_s)
    carried.delete()
    return done


_OPEN = ("indeterminate", "unknown")


def _settled(carried: Iterable[Carried], result: Result | Settled, at_s: int) -> int:
    return sum(seen(one.idm, one.number, at_s) for one in carried) if result == "written" else 0


def _values(one: Carried) -> dict[str, Any]:
    return {"journal": one.journal, "idm": one.idm, "number": one.number, "intent_seq": one.intent_seq}


def _text(idm: bytes) -> str:
    return idm.hex().upper()
