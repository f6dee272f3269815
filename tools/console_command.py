"""`farebox console` and `farebox display`: the driver's and the passengers' screens, processes of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from farebox.config import ConsoleConfig, load
from farebox.console.client import ConsoleClient
from farebox.words import Language
from tools.extra import extra
from tools.options import FILE, language_option

with extra("console"):
    from farebox.console.app import ConsoleApp
    from farebox.console.display import DisplayApp


_DEFAULT = ConsoleConfig()


def _terminal_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which terminal: by its settings, or by its socket alone."""
    by_settings = click.option("--config", "config_path", type=FILE, help="The terminal's settings: socket, language.")
    by_socket = click.option("--socket", type=FILE, help=f"The terminal's socket alone; by default {_DEFAULT.socket}.")
    return by_settings(by_socket(command))


def _settings(config_path: Path | None, socket: Path | None) -> ConsoleConfig:
    if config_path is None:
        return ConsoleConfig(str(socket)) if socket else _DEFAULT
    if socket is not None:
        raise click.UsageError("--config names the socket; leave --socket out")
    return load(config_path).console


@click.command(short_help="The driver's console of a running terminal.")
@_terminal_options
@language_option
@click.pass_context
def console(context: click.Context, config_path: Path | None, socket: Path | None, language: Language) -> None:
    """Choose the trip, drive on, answer questions, tell who rides along, count up. Waits while no terminal answers.

    \b
    farebox run --config farebox.toml      in one window
    farebox console --config farebox.toml  in another
    farebox console --socket /run/farebox/console --lang en

    Keys: N next stop, B back, P party, K paper, U top-up, C cancel, H history, D end of duty, O more; or touch.
    The language is that of --lang, or the settings', or LANG's; F2 changes it.
    """
    settings = _settings(config_path, socket)
    if config_path and context.get_parameter_source("language") is not ParameterSource.COMMANDLINE:
        language = settings.language
    ConsoleApp(ConsoleClient(Path(settings.socket)), language).run()


@click.command(short_help="The passengers' display of a running terminal.")
@_terminal_options
def display(config_path: Path | None, socket: Path | None) -> None:
    """Fare and balance of the last tap, in large figures, Japanese and English.

    \b
    farebox display --config /etc/farebox/farebox.toml
    farebox display --socket /run/farebox/console
    """
    DisplayApp(ConsoleClient(Path(_settings(config_path, socket).socket))).run()
