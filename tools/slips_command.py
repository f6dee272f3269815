"""`farebox slips`: the slip printer of a running terminal, a process of its own."""

from pathlib import Path

import click
import sdnotify

from farebox.config import SlipsConfig, load
from farebox.console.client import ConsoleClient
from farebox.console.listener import listen
from farebox.console.news import News
from farebox.console.protocol import Picture
from farebox.peripherals.printer import KeptSlips, Offline, Outcome, PaperOut, Printed, PrintQueue, SlipPrinter
from farebox.slips.layout import laid_out
from farebox.slips.of_taps import history_of, slip_of
from farebox.slips.raster import Raster
from farebox.words import Both, Language, say
from tools.extra import extra
from tools.files import write_whole
from tools.options import FILE, language_option

with extra("printer"):
    from farebox.slips.picture import PAPERS, drawn, font_path, png

_FULL: Both = ("印刷待ちが多いため、この票は印刷しません", "too many slips wait: this one is not printed")


@click.command(short_help="Print the slips of a running terminal.")
@click.option("--config", "config_path", type=FILE, required=True, help="The terminal's settings, [slips] among them.")
@language_option
def slips(config_path: Path, language: Language) -> None:
    """Print a slip for each card that is not taken, and last uses where they are asked for, until SIGTERM.

    \b
    farebox slips --config /etc/farebox/farebox.toml
    printer = "folder:/tmp/slips"          in [slips]: no printer, but a folder of pictures (模擬)
    """
    config = load(config_path)
    settings = config.slips
    if settings is None:
        raise click.UsageError(f"--config {config_path}: it has no [slips]; `farebox config example` shows one")
    font = font_path(Path(settings.font) if settings.font else None)
    columns, news = PAPERS[settings.paper], News()
    queue = PrintQueue(printer_of(settings), lambda outcome: _tell(outcome, language))

    def take(picture: Picture | None) -> None:
        for tap in news.of(picture):
            assert picture is not None
            wanted = [slip_of(tap, picture, settings.refusals, config.console.language)]
            if settings.histories:
                wanted.append(history_of(tap, picture, config.console.language))
            for slip in wanted:
                if slip is not None and not queue.offer(drawn(laid_out(slip, columns), columns, font)):
                    click.echo(say(_FULL, language), err=True)

    try:
        notify = sdnotify.SystemdNotifier().notify
        listen(ConsoleClient(Path(config.console.socket)), take, lambda: notify("READY=1"))
    finally:
        queue.close()


def printer_of(settings: SlipsConfig) -> SlipPrinter:
    """The printer that the settings name."""
    kind, _, rest = settings.printer.partition(":")
    if kind == "folder":
        return _kept(Path(rest))
    from farebox.peripherals.escpos_printer import device_printer, serial_printer

    return serial_printer(rest, settings.baud) if kind == "tty" else device_printer(Path(rest))


def _kept(folder: Path) -> SlipPrinter:
    """A dummy printer (模擬): slip-1.png, slip-2.png, … in a folder, after those that are there."""

    def keep(raster: Raster) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        count = len(tuple(folder.glob("slip-*.png")))
        write_whole(folder / f"slip-{count + 1}.png", png(raster))

    return KeptSlips(keep)


def _tell(outcome: Outcome, language: Language) -> None:
    match outcome:
        case Printed(paper_low=True):
            click.echo(say(("印刷しました。用紙が残りわずかです", "printed; the paper is nearly used up"), language))
        case Printed():
            click.echo(say(("印刷しました", "printed"), language))
        case PaperOut():
            click.echo(say(("用紙がありません", "no paper"), language), err=True)
        case Offline(what=what):
            click.echo(
                say((f"プリンターが応答しません: {what}", f"the printer does not answer: {what}"), language), err=True
            )
