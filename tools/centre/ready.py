"""Django, set up when a subcommand runs and not before: `farebox --help` stays quick.

with centre_ready():
    from centre.users.models import User
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from centre.faults import CentreBroken, CentreFault
from tools.extra import extra


def setup() -> tuple[str, ...]:
    """Set Django up; the environment's problems. Raises CentreBroken if Django can't even begin."""
    with extra("centre"):
        import django
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "centre.settings")
    from django.conf import settings

    try:
        problems: tuple[str, ...] = settings.PROBLEMS
    except (ImportError, AttributeError) as fault:
        raise CentreBroken((f"DJANGO_SETTINGS_MODULE: {fault}; unset it",)) from None
    django.setup()
    return problems


@contextmanager
def centre_ready(*, with_keys: bool = True) -> Iterator[None]:
    """Django is set up by the environment. Raises CentreBroken, and CentreFault for what the database answers.

    Without `with_keys`, a centre that has no keys yet will do.
    """
    problems = setup()
    from django.conf import settings
    from django.db import DatabaseError, InterfaceError

    if with_keys and not settings.SECRET_KEY_AT_HAND:
        problems = (*problems, "CENTRE_SECRET_KEY: there is no key yet; run farebox centre init")
    if problems:
        raise CentreBroken(problems)
    try:
        yield
    except (DatabaseError, InterfaceError) as fault:
        said = str(fault).strip().splitlines() or [type(fault).__name__]
        raise CentreFault(f"the centre's database: {said[0]}; see farebox centre check") from fault
