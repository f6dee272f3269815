"""`farebox console` and `farebox display`: the driver's and the passengers' screens, processes of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from farebox.console.app import ConsoleApp
from farebox.console.client import ConsoleClient
from farebox.console.display import DisplayApp
from farebox.words import Language
from tools.options import FILE, language_option

_SOCKET = Path("/run/farebox/console")


def _socket_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--socket", type=FILE, default=_SOCKET, show_default=True, help="The terminal's, as its configuration names it."
    )(command)


@click.command(short_help="The driver's console of a running terminal.")
@_socket_option
@language_option
def console(socket: Path, language: Language) -> None:
    """Choose the trip, drive on, answer questions, tell who rides along, count up. Waits while no terminal answers.

    \b
    farebox run --config farebox.toml      in one window
    farebox console --socket /run/farebox/console

    Keys: N next stop, B back, P party, K paper, T totals, E end of the trip, F2 the other language; or touch.
    """
    ConsoleApp(ConsoleClient(socket), language).run()


@click.command(short_help="The passengers' display of a running terminal.")
@_socket_option
def display(socket: Path) -> None:
    """Fare and balance of the last tap, in large figures, Japanese and English.

    \b
    farebox display --socket /run/farebox/console
    """
    DisplayApp(ConsoleClient(socket)).run()
