"""`farebox`: the one command. Subcommands are loaded when they are called, so that --help stays quick."""

import io
import os
import sys
from collections.abc import Callable
from typing import ClassVar, NoReturn

import click

from tools.exits import Exit, exit_of, message_of
from tools.lazy import Commands, LazyGroup


class _Commands(LazyGroup):
    commands_at: ClassVar[Commands] = {
        "run": ("tools.run_command:run", "Run the terminal with a card reader."),
        "console": ("tools.console_command:console", "The driver's console of a running terminal."),
        "display": ("tools.console_command:display", "The passengers' display of a running terminal."),
        "signals": ("tools.signals_command:signals", "Sounds and lamps of a running terminal."),
        "slips": ("tools.slips_command:slips", "Print the slips of a running terminal."),
        "metrics": ("tools.metrics_command:metrics", "/healthz and Prometheus metrics of a running terminal."),
        "doctor": ("tools.doctor.command:doctor", "Check a whole terminal, and name the fix for what is wrong."),
        "config": ("tools.config_command:config", "The settings of a terminal, checked and shown."),
        "reader": ("tools.reader.command:reader", "Find card readers, and see what ails them."),
        "sim": ("tools.sim_command:sim", "Simulate: replay a day of trips, play by hand (模擬)."),
        "bench": ("tools.bench_command:bench", "Run scenarios: what happens on a bus, as people tell it (模擬)."),
        "card": ("tools.card:card", "Make card images, and show what cards hold."),
        "tariff": ("tools.tariff.command:tariff", "What rides and passes cost, and why; check and compare tariffs."),
        "journal": ("tools.journal_command:journal", "Show and verify transaction journals."),
        "exchange": ("tools.exchange_command:exchange", "Segments to the centre; its bundles and its time back."),
        "centre": ("tools.centre_command:centre", "The centre: collector, ledger, counter and the members' portal."),
        "bundle": ("tools.bundle_command:bundle", "Hotlist, directives and tariff: sign, verify and show them."),
    }


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="farebox")
def farebox() -> None:
    """Bus fare box for FeliCa cards, and its simulator.

    \b
    farebox sim replay --feed sample --date 2026-11-20     a day of the sample feed, tap by tap
    farebox card new --operator lococa --balance 2000 -o my.card.cbor
    farebox run --reader image:my.card.cbor                tap that card on a bench

    Exit codes: 0 done, 1 a check failed, 2 usage, 69 no reader, 70 a fault of ours, 74 input or output,
    78 configuration, 130 stopped.
    """


def main() -> None:
    """Run what the command line asks for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that can't show a letter shows another
    ended(lambda: farebox.main(prog_name="farebox", standalone_mode=False))


def ended(act: Callable[[], object]) -> NoReturn:
    """Do it, and end with its exit code: every fault is one clear line."""
    try:
        code = _code_of(act)
    except BrokenPipeError:
        # The reader of our output is gone (`farebox … | head`): no news, but nothing more may be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.OK
    sys.exit(code)


def _code_of(act: Callable[[], object]) -> int:
    try:
        act()
        return Exit.OK
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit:
        return Exit.OK  # click's own way out of a broken pipe
    except click.Abort:
        click.echo("farebox: stopped", err=True)
        return Exit.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()  # the help, as it is
        return Exit.USAGE
    except click.ClickException as error:
        _say(_usage(error))
        return Exit.USAGE
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("FAREBOX_DEBUG"):
            raise
        _say(message_of(error))
        return exit_of(error)


def _usage(error: click.ClickException) -> str:
    """What is wrong with the call, on one line, and where its help is."""
    context = getattr(error, "ctx", None)
    said = " ".join(error.format_message().split()).rstrip(".")
    return f"{said}; see {context.command_path} --help" if context else said


def _say(message: str) -> None:
    for line in message.splitlines():
        click.echo(f"farebox: {line}", err=True)


if __name__ == "__main__":
    main()
