"""Tariffs, from the files that somebody uploads to the signed bundle: who may release what (faults 29).

    draft = propose({"lococa/2027-04-01.toml": text}, by=supervisor)      RulebookError tells every problem
    release(draft, by=another)                                            the signed bundle; NotReleased tells why not

Below the limit one supervisor does both; above it, the second is another person. Both stand on the draft for good.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from centre import clock
from centre.bundles.models import Kind, Published, TariffDraft, TariffFile
from centre.bundles.publishing import contents, publish_bundle
from centre.bundles.tariff_changes import MOST_TOLD, Limits, Place, judge, laid_over, problems_of_size, row_of
from centre.counter import trail
from centre.users.models import Role, User
from farebox.feed import Feed, load_feed
from farebox.feed.operators import Operators, parse_operators
from farebox.formats.bundle import OperatorText, Tariff
from tariff.operator_file import RulebookError


class NotReleased(Exception):
    """A tariff that this person may not propose or release now. `code` says why, in a word; the text, to a person."""

    def __init__(self, code: str, text: str) -> None:
        """Code and text."""
        super().__init__(text)
        self.code = code


def in_force() -> tuple[OperatorText, ...]:
    """The operator files of the newest tariff that was released; none if there is none."""
    newest = Published.objects.filter(kind=Kind.TARIFF).first()
    found = contents(newest) if newest else None
    return found.files if isinstance(found, Tariff) else ()


def propose(files: Mapping[str, bytes], by: User, without: Sequence[Place] = (), note: str = "") -> TariffDraft:
    """A draft: the files in force, with these in their places or beside them, less some.

    `files` by the names they came under, which only errors show: what they are for, they say themselves. Raises
    RulebookError with every problem of every file, NotReleased.
    """
    _supervises(by)
    coming = _texts(files)
    standing = in_force()
    whole = laid_over(standing, coming, without)
    if not whole:
        raise NotReleased("empty", "a tariff without an operator file is none")
    if tuple(whole) == standing:
        raise NotReleased("no-change", "that is the tariff in force")
    limits = limits_now()
    judged = judge(_operators(standing), _operators(whole), _feed(), limits)
    with transaction.atomic():
        draft = TariffDraft.objects.create(
            note=note[:200],
            made_by=by,
            made_at_s=clock.now_s(),
            compared_with=_standing_contents(),
            changes=[row_of(change, limits) for change in judged.changes[:MOST_TOLD]],
            changes_count=len(judged.changes),
            over_count=judged.over,
            needs_second=judged.needs_second,
        )
        TariffFile.objects.bulk_create(TariffFile(draft=draft, **one._asdict()) for one in whole)
        _note(by, trail.What.ASKED, draft)
    return draft


@transaction.atomic
def release(draft: TariffDraft, by: User) -> Published:
    """Sign it: every vehicle has it after its next exchange. Twice is once. Raises NotReleased."""
    _supervises(by)
    draft = TariffDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.state == TariffDraft.State.RELEASED and draft.released:
        return draft.released
    if draft.state != TariffDraft.State.PROPOSED:
        raise NotReleased("over", "this draft was rejected; propose it anew")
    if draft.needs_second and draft.made_by_id == by.pk:
        raise NotReleased("needs-second", "it changes more than one person may: another supervisor has to release it")
    if draft.compared_with != _standing_contents():
        raise NotReleased("stale", "another tariff was released since it was compared; propose it anew")
    files = tuple(OperatorText(one.scheme, one.effective, bytes(one.text)) for one in draft.files.all())
    made = publish_bundle(Kind.TARIFF, Tariff(1, 0, files), clock.now_s())
    if made is None:
        raise NotReleased("no-change", "that is the tariff in force")
    draft.released = made
    _judged(draft, TariffDraft.State.RELEASED, by, "")
    _note(by, trail.What.DONE, draft)
    return made


@transaction.atomic
def reject(draft: TariffDraft, by: User, why: str) -> bool:
    """It is not to be; False if it was judged already. Whoever made it may take it back so. Raises NotReleased."""
    _supervises(by)
    draft = TariffDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.state != TariffDraft.State.PROPOSED:
        return False
    _judged(draft, TariffDraft.State.REJECTED, by, why)
    _note(by, trail.What.NOT_APPROVED, draft)
    return True


def limits_now() -> Limits:
    """By the settings."""
    return Limits(settings.TARIFF_LIMIT_PERCENT, settings.TARIFF_LIMIT_YEN)


def _judged(draft: TariffDraft, state: TariffDraft.State, by: User, why: str) -> None:
    draft.state, draft.judged_by, draft.judged_at_s, draft.judged_why = state, by, clock.now_s(), why[:200]
    draft.save()


def _note(who: User, what: trail.What, draft: TariffDraft) -> None:
    """Into the audit trail: the draft's number, its changes, and whose it was."""
    said = f"#{draft.pk}: {draft.over_count} / {draft.changes_count}; {draft.judged_why or draft.note}"
    second = draft.judged_by if draft.judged_by_id != draft.made_by_id else None
    trail.note(who, what, trail.About(operation=OPERATION, approved_by=second), said=said)


OPERATION = "tariff"
"""As the audit trail calls it."""


def _supervises(user: User) -> None:
    if user.role != Role.SUPERVISOR or not user.is_active:
        raise NotReleased("not-a-supervisor", "tariffs are for supervisors")


def _standing_contents() -> str:
    return Published.objects.filter(kind=Kind.TARIFF).values_list("contents", flat=True).first() or ""


def _texts(files: Mapping[str, bytes]) -> list[OperatorText]:
    """Each file under the scheme and day that it says itself. Raises RulebookError."""
    problems = list(problems_of_size(files))
    if problems:
        raise RulebookError(tuple(problems))
    places: dict[str, str] = {}
    for name, text in files.items():
        proper = _proper_name(name, text)
        if proper in places:
            problems.append(f"{name}: {places[proper]} is for the same scheme and day; keep one of them")
        places[proper] = name
    if problems:
        raise RulebookError(tuple(problems))
    parsed = parse_operators((_proper_name(name, text), text) for name, text in files.items())
    texts = {_proper_name(name, text): text for name, text in files.items()}
    return [
        OperatorText(book.scheme, book.effective, texts[f"{book.scheme}/{book.effective}.toml"])
        for book in parsed.rulebooks
    ]


def _proper_name(name: str, text: bytes) -> str:
    """`scheme/first-day.toml` as the file itself says; as it is called, if it says nothing that can be read."""
    try:
        said = tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return name
    scheme, effective = said.get("scheme"), said.get("effective")
    return f"{scheme}/{effective}.toml" if isinstance(scheme, str) and type(effective) is date else name


def _operators(files: Sequence[OperatorText]) -> Operators:
    return parse_operators((f"{one.scheme}/{one.effective}.toml", one.text) for one in files)


def _feed() -> Feed | None:
    """The feed of the settings; read once for as long as its file stays the same."""
    if not settings.FEED:
        return None
    path = Path(settings.FEED)
    return _feed_at(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _feed_at(path: Path, _changed_ns: int) -> Feed:
    return load_feed(path)
