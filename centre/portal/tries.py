"""Tries that are counted, so that guessing is slowed (faults 51): who or what is tried is known by a digest alone."""

from django.utils.crypto import salted_hmac

from centre.clock import now_s
from centre.portal import rules_slowing
from centre.portal.models import Try
from centre.portal.rules_slowing import Pace
from centre.security_log import tell
from centre.words import said

_MINUTE_S = 60


def waiting_s(pace: Pace, *whom: object) -> int:
    """How long the next try must wait."""
    at_s = now_s()
    counted = Try.objects.filter(what=_digest(*whom), at_s__gt=at_s - pace.forgotten_s)
    # The newest decide; a flood of them is not read whole.
    found_s = rules_slowing.wait_s(list(counted.order_by("-at_s").values_list("at_s", flat=True)[:40]), at_s, pace)
    if found_s:
        tell("slowed", what=str(whom[0]), wait_s=found_s)
    return found_s


def count(*whom: object) -> None:
    """Remember a try."""
    Try.objects.create(what=_digest(*whom), at_s=now_s())


def forget(*whom: object) -> None:
    """It was the right one after all."""
    Try.objects.filter(what=_digest(*whom)).delete()


def too_often(wait_s: int) -> str:
    """What is said to who must wait."""
    if wait_s < _MINUTE_S:
        return said(
            f"続けて試されたため、{wait_s}秒後にもう一度お試しください。",
            f"Too many tries: please try again in {wait_s} seconds.",
        )
    minutes = -(-wait_s // _MINUTE_S)
    return said(
        f"続けて試されたため、約{minutes}分後にもう一度お試しください。",
        f"Too many tries: please try again in about {minutes} minutes.",
    )


def _digest(*whom: object) -> bytes:
    return salted_hmac("centre.portal.tries", repr(whom), algorithm="sha256").digest()
