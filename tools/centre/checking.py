"""`farebox centre check`: every problem of a centre at once, each with what to do."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import click

from centre.faults import CentreBroken
from tools.centre.ready import setup
from tools.options import json_option


@click.command()
@json_option
def check(as_json: bool) -> None:
    """Look at settings, keys, database and files: exit 78 with every problem and what to do about it.

    \b
    farebox centre check
    systemd-run --pipe -p EnvironmentFile=/etc/farebox-centre/centre.env farebox centre check --json
    """
    problems = tuple(_problems())
    if as_json:
        click.echo(json.dumps({"problems": problems}, ensure_ascii=False))
    elif not problems:
        click.echo("the centre: in order")
    if problems:
        raise CentreBroken(problems)


def _problems() -> Iterator[str]:
    yield from setup()
    from django.conf import settings

    if not settings.HOME.is_dir():
        yield f"CENTRE_HOME: {settings.HOME} is not there; run farebox centre init"
        return
    if stat.S_IMODE(settings.HOME.stat().st_mode) & 0o007:
        yield f"CENTRE_HOME: anyone may look into {settings.HOME}; run chmod o-rwx {settings.HOME}"
    yield from _keys()
    yield from _of_django()
    yield from _database()
    if not settings.DEBUG and not (settings.STATIC_ROOT / "staticfiles.json").exists():
        yield f"static files: none in {settings.STATIC_ROOT}; run farebox centre init"
    if settings.MAIL_URL.startswith("file:") and not settings.SIMULATED:
        yield "CENTRE_MAIL_URL: mails only go into a folder, which is for a demo; give smtp://USER@HOST or smtps://…"
    if settings.SIMULATED and settings.CENTRE_URL.startswith("https:") and not settings.DEBUG:
        yield "CENTRE_SIMULATED: this is a demo (模擬), and no centre for money; unset it"


def _keys() -> Iterator[str]:
    from django.conf import settings

    from farebox.formats.cose import BENCH_SEED
    from reader.keys import KeyStoreFault, secrets_from

    if not settings.SECRET_KEY_AT_HAND:
        yield "CENTRE_SECRET_KEY: there is no key yet; run farebox centre init"
    place = settings.SIGNING_KEY_PLACE
    if place.startswith("/") and not Path(place).exists():
        yield "CENTRE_SIGNING_KEY: there is no key yet; run farebox centre init"
        return
    try:
        held = secrets_from(place, os.environ)
    except KeyStoreFault as fault:
        yield f"CENTRE_SIGNING_KEY: {fault}"
        return
    if BENCH_SEED in held.values() and not settings.SIMULATED:
        yield "CENTRE_SIGNING_KEY: it is the bench key (模擬), which everybody has; delete it, run farebox centre init"


def _of_django() -> Iterator[str]:
    from django.conf import settings
    from django.core.checks import CheckMessage, run_checks

    found: list[CheckMessage] = run_checks(include_deployment_checks=settings.CENTRE_URL.startswith("https:"))
    for message in found:
        if not message.is_silenced():
            yield " ".join(f"{message.id}: {message.msg} {message.hint or ''}".split())
    if not settings.CENTRE_URL.startswith("https:") and not settings.SIMULATED:
        yield "CENTRE_URL: it begins with http:, which is for a demo; people and vehicles need https:"


def _database() -> Iterator[str]:
    from django.db import DatabaseError, InterfaceError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError) as fault:
        said = str(fault).splitlines()[0]
        if connection.vendor == "sqlite":
            path = connection.settings_dict["NAME"]
            yield f"{path}: SQLite can't read it ({said}); look at its rights, or restore the last good backup"
        else:
            yield f"DATABASE_URL: the database is not reached ({said}); is it running, and the URL right?"
        return
    if missing:
        yield f"database: {len(missing)} migrations are not applied; run farebox centre migrate"
