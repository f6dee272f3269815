"""What a plain installation lacks is named before any work begins."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around imports that need an extra: UsageError says how to install what is missing."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise click.UsageError(f"{missing.name} is not installed; pip install 'farebox[{name}]'") from None
