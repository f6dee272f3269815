"""`farebox centre`: what stands off the bus, run and looked after (docs/centre/operations.md)."""

from typing import ClassVar

import click

from tools.lazy import Commands, LazyGroup


class _Commands(LazyGroup):
    commands_at: ClassVar[Commands] = {
        "init": ("tools.centre.setting_up:init", "Make a centre's folder, keys, database and static files."),
        "migrate": ("tools.centre.setting_up:migrate", "Bring the database to this version's form."),
        "check": ("tools.centre.checking:check", "Every problem of its settings, keys and database at once."),
        "serve": ("tools.centre.serving:serve", "Serve pages and the buses' line."),
        "work": ("tools.centre.working:work", "What goes on behind the pages: the background process."),
        "publish": ("tools.centre.publishing:publish", "Sign what vehicles are to be told, now; or the keys."),
        "hotlist": ("tools.centre.publishing:hotlist", "Cards that every reader refuses: add, remove, list."),
        "tariff": ("tools.centre.publishing:tariff", "Tariffs: propose, approve, list."),
        "clerk": ("tools.centre.clerks:clerk", "People who work at the counter: add, list, disable."),
        "notice": ("tools.centre.notices:notice", "Announcements on the members' card list: add, list, end."),
        "vehicle": ("tools.centre.collecting:vehicle", "Vehicles that may send: add, list, withdraw."),
        "segments": ("tools.centre.collecting:segments", "Segments that a person must look at."),
        "close-day": ("tools.centre.ledger:close_day", "Close days of the books."),
        "reconcile": (
            "tools.centre.ledger:reconcile",
            "Are the books right? Cards, cash, credit and records compared.",
        ),
        "export-tides": ("tools.centre.ledger:export_tides", "A day's taps as a TIDES data package."),
        "retention": ("tools.centre.ledger:retention", "Erase personal data that is due."),
        "import-stick": ("tools.centre.collecting:import_stick", "Take in segments from a USB stick."),
        "backup": ("tools.centre.backing_up:backup", "Database and keys into one file, while it runs."),
        "restore": ("tools.centre.backing_up:restore", "A backup in place of what is here."),
        "demo": ("tools.centre.demo:demo", "All of it on this machine, with people, cards and buses (模擬)."),
    }


@click.group(cls=_Commands)
def centre() -> None:
    """The centre: collector, ledger, bundles, counter, members' portal. Its settings stand in the environment.

    \b
    export CENTRE_HOME=/var/lib/farebox-centre
    farebox centre init            once: folder, keys, database
    farebox centre check           all that is wrong with its settings, and what to do
    farebox centre serve           pages and the buses' line
    farebox centre work            what goes on behind them
    """
