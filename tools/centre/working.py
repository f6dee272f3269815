"""`farebox centre work`: what goes on behind the pages. One process of it works, however many run."""

import json
import threading

import click
import sdnotify

from farebox.stopping import Stopping
from tools.centre.ready import centre_ready
from tools.exits import CheckFailed
from tools.options import json_option


@click.command()
@click.option("--once", is_flag=True, help="One round; exit 1 if some of it failed.")
@click.option(
    "--every", "every_s", type=click.FloatRange(0.2, 300), default=5.0, show_default=True, help="Seconds between."
)
@json_option
def work(once: bool, every_s: float, as_json: bool) -> None:
    """Bill, publish, close days, forget what is past its time: every part's work in turn, until SIGTERM.

    What is under way is finished first. A second process waits until the first is gone.

    \b
    farebox centre work
    farebox centre work --once --json
    """
    with centre_ready():
        if once:
            _once(as_json)
        else:
            _until_stopped(every_s)


def _once(as_json: bool) -> None:
    from django.conf import settings

    from centre.clock import now_s
    from centre.running.lock import only_one
    from centre.work import work_once

    with only_one(settings.HOME) as held:
        if not held:
            raise CheckFailed("another process of farebox centre work is at it; it does the same")
        done = work_once(now_s())
    if as_json:
        click.echo(json.dumps({"done": done.things, "failed": done.failed}))
    else:
        for app, things in done.things.items():
            click.echo(f"{app}: {things}")
    if done.failed:
        raise CheckFailed(f"failed: {', '.join(done.failed)}; the log tells why, and the next round tries again")


def _until_stopped(every_s: float) -> None:
    from django.conf import settings
    from django.db import DatabaseError, InterfaceError, close_old_connections

    from centre.clock import now_s
    from centre.running.lock import only_one
    from centre.work import work_once

    notify = sdnotify.SystemdNotifier().notify
    wake = threading.Event()
    with Stopping(wake.set) as stopping:
        notify("READY=1")
        while not stopping.asked:
            try:
                with only_one(settings.HOME) as held:
                    if held:
                        work_once(now_s())
            except (DatabaseError, InterfaceError) as fault:
                click.echo(f"farebox: the database: {str(fault).splitlines()[0]}; the next round tries again", err=True)
            close_old_connections()
            notify("WATCHDOG=1")
            wake.wait(every_s)
    notify("STOPPING=1")
