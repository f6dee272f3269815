"""The audit trail: entries are added here, and read back as a chain (centre.counter.models.TrailEntry)."""

import json
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models, transaction

from centre import clock, security_log
from centre.counter.models import TrailEntry, TrailHead
from centre.counter.slips.sheet import masked
from centre.users.models import User

FIRST = "0" * 64
"""What stands before the first entry."""
_HEAD = 1


class What(models.TextChoices):
    """What can stand in the trail."""

    SIGNED_IN = "signed-in", "ログイン"
    SIGNED_OUT = "signed-out", "ログアウト"
    LOOKED = "looked", "カード照会"
    ASKED = "asked", "申込み"
    REFUSED = "refused", "お取扱い不可"
    APPROVED = "approved", "承認"
    NOT_APPROVED = "not-approved", "承認せず"
    DONE = "done", "実施"
    TORN = "torn", "書込み未確認"
    NOT_DONE = "not-done", "不成立"
    DROPPED = "dropped", "取消"
    PRINTED = "printed", "印刷"
    READ = "read", "証跡の書出し"


class About(NamedTuple):
    """The card and the operation that an entry is about."""

    operation: str = ""
    idm: str = ""
    number: str = ""
    asked: UUID | None = None
    yen: int = 0
    approved_by: User | None = None


_NOTHING = About()


def note(
    who: User,
    what: What,
    about: About = _NOTHING,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    said: str = "",
) -> TrailEntry:
    """Add an entry, in the transaction that it belongs to."""
    with transaction.atomic():
        head, _ = TrailHead.objects.select_for_update().get_or_create(pk=_HEAD, defaults={"link": FIRST})
        entry = TrailEntry(
            at_s=clock.now_s(),
            who=who,
            role=who.role,
            scheme=who.scheme,
            what=what.value,
            operation=about.operation,
            idm=about.idm,
            number=masked(about.number) if about.number else "",
            asked=about.asked,
            yen=about.yen,
            before=before or {},
            after=after or {},
            approved_by=about.approved_by,
            said=said[:200],
        )
        entry.link = link(head.link, entry)
        entry.save()
        head.link = entry.link
        head.save()
        # In the log too, which is another machine's in the end: who changes the one has not changed the other.
        transaction.on_commit(partial(security_log.tell, "trail", what=entry.what, entry=entry.pk, who=who.pk))
    return entry


def link(before: str, entry: TrailEntry) -> str:
    """The hash that ties an entry to the one before it: 64 hex digits."""
    facts = (
        before,
        entry.at_s,
        entry.who_id,
        entry.role,
        entry.scheme,
        entry.what,
        entry.operation,
        entry.idm,
        entry.number,
        str(entry.asked or ""),
        entry.yen,
        entry.before,
        entry.after,
        entry.approved_by_id,
        entry.said,
    )
    return sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What differs between before and after: its name, what it was, what it is."""
    names = sorted({*before, *after})
    pairs = [(name, before.get(name, "－"), after.get(name, "－")) for name in names]
    return [one for one in pairs if one[1] != one[2]]


def broken_at() -> int | None:
    """Where the chain breaks: the entry that does not follow from those before it, or 0 if its end was cut off.

    None: it is whole. Only one entry at a time is held in memory.
    """
    newest = FIRST
    for entry in _in_order():
        if entry.link != link(newest, entry):
            return entry.pk
        newest = entry.link
    head = TrailHead.objects.filter(pk=_HEAD).first()
    return None if newest == (head.link if head else FIRST) else 0


def _in_order() -> Iterator[TrailEntry]:
    return TrailEntry.objects.order_by("pk").iterator(chunk_size=1_000)
