"""What the vehicles' journals say about directives: which stand on a card now, and which it has no room for.

A note `directive-applied` stands in the journal before the tap's intent, and holds if that intent was written. So it
waits here for its outcome, through restarts of the terminal and into later segments.
"""

import re
from collections.abc import Iterable

from django.db import models, transaction

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
    done = 0
    for entry in entries:
        match entry.record:
            case Noted(idm=idm, code=code, detail=detail) if code == _APPLIED and (found := _NUMBER.match(detail)):
                Carried.objects.create(journal=journal, idm=_text(idm), number=int(found[1]))
            case Noted(idm=idm, code=code, detail=detail) if code == _REFUSED and (found := _WHY.fullmatch(detail)):
                refused_by_card(_text(idm), int(found[1]), entry.at_s, found[2])
            case Intent(idm=idm):
                _waiting(journal).filter(idm=_text(idm)).update(intent_seq=entry.seq)
                _waiting(journal).delete()  # of a tap that came to nothing
            case Outcome(intent_seq=seq, result=result) | Resolved(intent_seq=seq, result=result):
                done += settle(journal, seq, result, entry.at_s)
    return done


@transaction.atomic
def settle(journal: str, intent_seq: int, result: Result | Settled, at_s: int) -> int:
    """How an intent came out, in its own journal or by what another bus saw. How many directives are on the card by it.

    Unknown: it waits on. If nobody ever learns, the directive stays in the bundle, and the card passes it by.
    """
    carried = Carried.objects.filter(journal=journal, intent_seq=intent_seq)
    if result not in ("written", "not_written"):
        return 0
    done = sum(seen(one.idm, one.number, at_s) for one in carried) if result == "written" else 0
    carried.delete()
    return done


def _waiting(journal: str) -> models.QuerySet[Carried]:
    """Notes whose intent is still to come."""
    return Carried.objects.filter(journal=journal, intent_seq=None)


def _text(idm: bytes) -> str:
    return idm.hex().upper()
