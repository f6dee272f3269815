"""`farebox centre backup` and `restore`."""

import json
from pathlib import Path

import click

from tariff.calendar import clock_in_japan, day_in_japan
from tools.centre.ready import centre_ready
from tools.options import FILE, json_option


@click.command()
@click.argument("path", metavar="FILE", type=FILE)
@json_option
def backup(path: Path, as_json: bool) -> None:
    """Write database and keys into one new file of mode 0600, while the centre runs. Keep it as you keep the keys.

    \b
    farebox centre backup /var/backups/centre-$(date +%F-%H).tar
    """
    with centre_ready():
        from centre.running.backup import back_up
        from farebox.version import VERSION

        made = back_up(path.absolute(), VERSION)
    if as_json:
        click.echo(json.dumps(made._asdict()))
    else:
        click.echo(f"{path}: {path.stat().st_size:,} bytes, {made.database}, {', '.join(made.files)}")


@click.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--force", is_flag=True, help="Though there is something here already: it is gone then.")
def restore(path: Path, force: bool) -> None:
    """Put a backup in place of this centre's database and keys. Stop serve and work first.

    The backup is checked whole before anything is touched. Of an older version, it is brought to this one's form.

    \b
    farebox centre init && farebox centre restore /var/backups/centre-2026-11-21-03.tar
    """
    with centre_ready(with_keys=False):
        from django.core.management import call_command

        from centre.bundles.services import restored
        from centre.clock import now_s
        from centre.running.backup import restore as put_back

        found = put_back(path.absolute(), force=force)
        call_command("migrate", interactive=False, verbosity=0)
        restored(now_s(), found.made_at_s)
    at = f"{day_in_japan(found.made_at_s)} {clock_in_japan(found.made_at_s)}"
    click.echo(
        f"{path}: restored as it stood at {at}; vehicles are asked for what came after (docs/centre/operations.md)"
    )
