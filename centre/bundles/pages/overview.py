"""What is published, how old it is, and which vehicles have it."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from centre import clock
from centre.bundles.models import Kind
from centre.bundles.publishing import Current, current
from centre.collector.models import Vehicle
from centre.keys import is_simulated, public_keys
from centre.users.models import Role
from centre.users.staff import STAFF, for_staff

OLD_S = 2 * 86_400
"""From this age on terminals raise an alarm (faults 39)."""


class Row(NamedTuple):
    """A kind of bundle: the newest, whether it is too old, and how many vehicles have it of all that know of any."""

    label: str
    newest: Current | None
    is_old: bool
    vehicles: int


@require_safe
@for_staff(*STAFF)
def show(request: HttpRequest) -> HttpResponse:
    """All kinds."""
    told = list(Vehicle.objects.filter(enabled=True).values_list("bundles", flat=True))
    context = {
        "rows": [_row(kind, told) for kind in Kind],
        "vehicles": len(told),
        "keys": [key.hex() for key in public_keys()] if request.user.role != Role.CLERK else [],  # type: ignore[union-attr]
        "bench_key": is_simulated(),
        "here": "bundles",
    }
    return render(request, "bundles/overview.html", context)


def _row(kind: Kind, told: list[dict[str, int]]) -> Row:
    newest = current(kind)
    is_old = kind == Kind.HOTLIST and (newest is None or clock.now_s() - newest.made_at_s >= OLD_S)
    having = sum(1 for bundles in told if newest and bundles.get(kind.value) == newest.version)
    return Row(str(kind.label), newest, is_old, having)
