"""`farebox centre demo`: the whole centre on one's own machine, with people, cards and two buses (模擬)."""

import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from centre.faults import CentreFault
from farebox.stopping import Stopping
from tools.centre_demo.places import CLERKS, KANA, MEMBER, PASSWORD, TELEPHONE, TO_ADD, Demo
from tools.options import FILE

_DAY_S = 24 * 3_600
_FOLDER = Path("build/centre-demo")
_PORT = 8_000
_LINE, _PAYMENTS = 1, 2
"""The other two ports, from the first."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _where(command: _Command) -> _Command:
    folder = click.option("--folder", type=FILE, default=_FOLDER, show_default=True, help="Where the demo lies.")
    port = click.option(
        "--port", type=click.IntRange(1024, 65_533), default=_PORT, show_default=True, help="And the two after it."
    )
    return folder(port(command))


@click.group()
def demo() -> None:
    """A centre with people, cards and two buses, all simulated (模擬).

    \b
    farebox centre demo start           until Ctrl-C; says what to open
    farebox centre demo next-day        meanwhile: moves its clock on by a day
    """


@demo.command()
@_where
@click.option("--anew", is_flag=True, help="Forget the demo that lies there, and begin another one.")
def start(folder: Path, port: int, anew: bool) -> None:
    """Start it, and say what to open; it goes on where it was if it was there before. Ctrl-C ends all of it.

    \b
    farebox centre demo start --anew
    """
    from tools.centre_demo.running import ended, prepare, running

    place = _place(folder, port)
    for each in (place.port, place.buses_port, place.payments_port):
        _check_free(each)
    if anew and (place.folder / "ready").exists():
        shutil.rmtree(place.folder)
    if not (place.folder / "ready").exists():
        if place.folder.exists() and any(place.folder.iterdir()):
            raise click.UsageError(f"{folder} holds something else; name another --folder, or delete it")
        click.echo("making keys, people, cards and vehicles (模擬) …")
        prepare(place)
        (place.folder / "ready").write_text(f"{port}\n")
    elif (place.folder / "ready").read_text().strip() != str(port):
        raise click.UsageError(f"{folder} was made with another --port; use that one, or --anew")
    wake = threading.Event()
    with Stopping(wake.set) as stopping, running(place) as processes:
        click.echo(_told(place))
        gone = None
        while not stopping.asked and gone is None:
            wake.wait(1)
            gone = ended(processes)
    if gone is not None:
        raise CentreFault(f"the demo's {gone.name} ended by itself; see {gone.log}")
    click.echo("ended")


@demo.command(name="next-day")
@_where
def next_day(folder: Path, port: int) -> None:
    """Move the running demo's clock on by a day: what was agreed from tomorrow on holds now.

    \b
    farebox centre demo next-day
    """
    place = _place(folder, port)
    if not (place.folder / "ready").exists():
        raise click.UsageError(f"{folder}: no demo; farebox centre demo start makes one")
    ahead_s = place.ahead_s() + _DAY_S
    place.move_clock(ahead_s)
    click.echo(f"{ahead_s // _DAY_S} days ahead (模擬)")


@demo.command(hidden=True)
@_where
def fill(folder: Path, port: int) -> None:
    """Put people, cards and vehicles into the demo's database; `start` calls it."""
    from tools.centre.ready import centre_ready

    with centre_ready():
        from tools.centre_demo.people import fill as fill_in

        fill_in(_place(folder, port))


def _place(folder: Path, port: int) -> Demo:
    return Demo(folder.absolute(), port, port + _LINE, port + _PAYMENTS)


def _check_free(port: int) -> None:
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind(("127.0.0.1", port))
        except OSError as fault:
            raise CentreFault(
                f"port {port}: {fault.strerror}; end what listens there, or name another --port"
            ) from None


def _told(place: Demo) -> str:
    next_day = "farebox centre demo next-day"
    if place.folder != _FOLDER.absolute():
        next_day += f" --folder {place.folder}"
    counter = "\n".join(f"      {email:32} {role} {scheme}".rstrip() for email, (role, scheme) in CLERKS.items())
    return f"""模擬 · a demo: no real money, no real cards. Every password is {PASSWORD}

  members     {place.url}/
      {MEMBER}, with a card and a pass that is to be renewed; or register, with any address:
      its mails come to {place.url}/demo/mails/
      a card to add: {TO_ADD}, {KANA}, {TELEPHONE}
  counter     {place.url}/counter/
{counter}
  payments    {place.payments_url}/    cards to type there, and what was paid
  health      {place.url}/healthz

  two buses (DEMO-1, DEMO-2) ride, and upload every some seconds; logs: {place.folder}/logs
  {next_day}    in another window: it is tomorrow
  Ctrl-C ends all of it."""
