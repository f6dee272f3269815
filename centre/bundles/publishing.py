"""Bundles made, signed and kept (CTR-3): only when there is something new to say, and a hotlist before it grows old.

A version is the second at which it was made, or one more than the last, whichever is higher. So it rises even if the
centre comes back from a backup and has forgotten what it signed since: no vehicle finds it older than what it has.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import BinaryField, Count, Max, QuerySet, Sum
from django.db.models.functions import Substr

from centre.bundles.lifecycle import OPEN, Phase
from centre.bundles.models import Directive, Kind, NoAutoCharge, Published, Series, Stopped
from centre.cards.models import State
from centre.keys import signing_seed
from farebox.formats import bundle as form
from farebox.formats import cose
from farebox.formats.bundle import Bundle, Hotlist

FRESH_S = 86_400
"""A hotlist is signed anew after a day: terminals raise an alarm at two (faults 39)."""
KEPT = 2
"""Of each kind, the newest so many keep their bytes: a vehicle may be in the middle of one."""
OVER = (State.REPLACED, State.REFUNDED, State.VOID)
"""Cards that nothing is written on any more."""


class Current(NamedTuple):
    """The newest bundle of a kind, without its bytes."""

    published_id: int
    kind: str
    version: int
    made_at_s: int
    etag: str
    length: int


def publish(now_s: int) -> list[Published]:
    """Sign and keep what has changed since the last time. As often as one likes; two at once wait for each other."""
    return [made for publish_one in (_hotlists, _all_directives, _same_tariff) if (made := publish_one(now_s))]


def publish_bundle(kind: Kind, bundle: Bundle, now_s: int) -> Published | None:
    """Sign and keep these contents under the next version, whatever theirs says; None if they are published already."""
    with transaction.atomic():
        return _signed(kind, _lock(kind), lambda: bundle, now_s)


def current(kind: str) -> Current | None:
    """The newest of a kind; None if there is none yet."""
    row = (
        Published.objects.filter(kind=kind).values_list("pk", "kind", "version", "made_at_s", "etag", "length").first()
    )
    return row and Current(*row)


def piece(published_id: int, first: int, length: int) -> bytes:
    """Bytes of a bundle, cut out by the database: nobody holds 20 MB to send a piece."""
    cut = Substr("signed", first + 1, length, output_field=BinaryField())
    return bytes(Published.objects.values_list(cut, flat=True).get(pk=published_id))


def contents(published: Published) -> Bundle:
    """What a bundle says. Of one whose bytes were let go: raises RecordError."""
    return form.parse(cose.opened(bytes(published.signed), form.MOST_BYTES + 4096).payload)


def raise_version(kind: Kind, above: int) -> None:
    """The next version of a kind will be above this one: for a centre whose clock was once ahead."""
    with transaction.atomic():
        series = _lock(kind)
        series.last = max(series.last, above)
        series.save()


@transaction.atomic
def _hotlists(now_s: int) -> Published | None:
    series = _lock(Kind.HOTLIST)
    marks = _marks(*(model._default_manager.filter(until_s=None) for model in (Stopped, NoAutoCharge)))
    return _signed(Kind.HOTLIST, series, _hotlist, now_s, marks=marks, fresh_s=FRESH_S)


@transaction.atomic
def _all_directives(now_s: int) -> Published | None:
    series = _lock(Kind.DIRECTIVES)
    Directive.objects.filter(state__in=OPEN, card__state__in=OVER).update(
        state=Phase.WITHDRAWN, why="the card is no longer in use", ended_at_s=now_s
    )
    waiting = Directive.objects.filter(state__in=OPEN)
    taken: list[int] = []

    def bundle() -> Bundle:
        rows = list(waiting.values_list("pk", "card__idm", "entry"))
        taken.extend(row[0] for row in rows)
        return _directives([row[1:] for row in rows])

    made = _signed(Kind.DIRECTIVES, series, bundle, now_s, marks=_marks(waiting))
    for start in range(0, len(taken), _AT_ONCE):
        some = Directive.objects.filter(state=Phase.WAITING, pk__in=taken[start : start + _AT_ONCE])
        some.update(state=Phase.PUBLISHED)
    return made


@transaction.atomic
def _same_tariff(now_s: int) -> Published | None:
    """A tariff is released by people (tariffs.py); signed anew if the key is another one by now."""
    series = _lock(Kind.TARIFF)
    newest = Published.objects.filter(kind=Kind.TARIFF).defer("signed").first()
    if newest is None:
        return None
    return _signed(Kind.TARIFF, series, lambda: contents(newest), now_s, marks=newest.marks)


def _marks(*rows: QuerySet[Any]) -> str:
    """Tells these rows from any others that they may become. None of them changes but by leaving, and new ones have
    higher numbers: so a look at a million of them is one at their numbers.
    """
    found = (each.aggregate(count=Count("pk"), sum=Sum("pk"), last=Max("pk")) for each in rows)
    return " ".join(f"{one['count']}.{one['sum'] or 0}.{one['last'] or 0}" for one in found)


_AT_ONCE = 500


def _lock(kind: Kind) -> Series:
    Series.objects.get_or_create(kind=kind)
    return Series.objects.select_for_update().get(kind=kind)


def _hotlist() -> Hotlist:
    lists = [
        model._default_manager.filter(until_s=None).values_list("idm", flat=True) for model in (Stopped, NoAutoCharge)
    ]
    return Hotlist(1, 0, *[form.cards_of(bytes.fromhex(idm) for idm in idms.iterator()) for idms in lists])


def _directives(rows: Sequence[tuple[str, bytes | memoryview]]) -> form.Directives:
    by_card: dict[bytes, list[bytes]] = defaultdict(list)
    for idm, entry in rows:
        by_card[bytes.fromhex(idm)].append(bytes(entry))
    return form.joined(1, 0, by_card)


def _signed(
    kind: Kind, series: Series, bundle: Callable[[], Bundle], now_s: int, *, marks: str = "", fresh_s: int | None = None
) -> Published | None:
    """The bundle under the next version, if it says something new, or the last one is too old or by another key.

    `marks` tell without making it that it is the last one still; empty if they don't.
    """
    seed = signing_seed()
    key = cose.public_key_of(seed).hex()
    last = Published.objects.filter(kind=kind).defer("signed").first()
    stands = last is not None and last.key == key and (fresh_s is None or 0 <= now_s - last.made_at_s < fresh_s)
    if last is not None and stands and marks and last.marks == marks:
        return None
    made = bundle()
    says = sha256(form.encode(made._replace(version=1, made_at_s=0))).hexdigest()
    if last is not None and stands and last.contents == says:
        last.marks = marks
        last.save(update_fields=["marks"])
        return None
    if last is None and isinstance(made, form.Directives) and not len(made.cards):
        return None
    series.last = max(series.last + 1, now_s)
    series.save()
    signed = cose.sign(form.encode(made._replace(version=series.last, made_at_s=now_s)), seed)
    published = Published.objects.create(
        kind=kind,
        version=series.last,
        made_at_s=now_s,
        signed=signed,
        length=len(signed),
        etag=sha256(signed).hexdigest(),
        contents=says,
        marks=marks,
        key=key,
    )
    kept = Published.objects.filter(kind=kind).values_list("pk", flat=True)[:KEPT]
    Published.objects.filter(kind=kind).exclude(pk__in=list(kept)).exclude(signed=b"").update(signed=b"")
    return published
