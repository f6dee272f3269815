"""`farebox centre init` and `migrate`."""

import os
import secrets
from pathlib import Path

import click

from tools.centre.ready import centre_ready


@click.command()
def init() -> None:
    """Make what a centre needs: its folder, its keys (mode 0600), its database and static files.

    What is there already stays: it can be run again.

    \b
    CENTRE_HOME=/var/lib/farebox-centre farebox centre init
    """
    with centre_ready(with_keys=False):
        from django.conf import settings
        from django.core.management import call_command

        settings.HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
        for what, place in (("secret", settings.SECRET_KEY_PLACE), ("signing", settings.SIGNING_KEY_PLACE)):
            _key(what, place)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        click.echo(f"{settings.HOME}: ready; farebox centre check looks at the rest")


@click.command()
def migrate() -> None:
    """Bring the database to this version's form, and renew the static files. Stop serve and work first.

    \b
    farebox centre backup before.tar && farebox centre migrate
    """
    with centre_ready():
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=1)
        call_command("collectstatic", interactive=False, verbosity=0)


def _key(what: str, place: str) -> None:
    """A new key in a file of mode 0600, unless there is one; a credential is systemd's to give."""
    if not place.startswith("/"):
        return
    try:
        fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    click.echo(f"{Path(place)}: a new {what} key; keep a copy where only you get at it")
