"""`farebox signals`: buzzer and lamps of a running terminal, a process of its own."""

import time
from pathlib import Path

import click
import sdnotify

from farebox.config import SignalsConfig, load, number
from farebox.console.client import ConsoleClient
from farebox.console.listener import listen
from farebox.console.news import News
from farebox.console.protocol import Picture
from farebox.peripherals.sounds_and_lamps import LoggedOutputs, OutputFault, Outputs, Player, Signal
from farebox.words import Both, Language, say
from tools.extra import extra
from tools.options import FILE, language_option

MODEL = Path("/proc/device-tree/model")
_NO_PI: Both = (
    "【模擬】Raspberry Pi ではないため、ピンの代わりに表示します",
    "[模擬] no Raspberry Pi: what its pins would do is printed",
)


@click.command(short_help="Sounds and lamps of a running terminal.")
@click.option("--config", "config_path", type=FILE, required=True, help="The terminal's settings.")
@language_option
def signals(config_path: Path, language: Language) -> None:
    """Sound and light what each tap came to (GEN-14), until SIGTERM. Waits while no terminal answers.

    On a Raspberry Pi by its pins; on any other machine each moment is printed instead (模擬).

    \b
    farebox signals --config /etc/farebox/farebox.toml
    """
    config = load(config_path)
    player = Player(outputs_of(config.signals, language), time.monotonic, lambda fault: _tell(fault, language))
    news = News()

    def take(picture: Picture | None) -> None:
        for tap in news.of(picture):
            player.offer(Signal(tap.meaning))

    try:
        notify = sdnotify.SystemdNotifier().notify
        listen(ConsoleClient(Path(config.console.socket)), take, lambda: notify("READY=1"))
    finally:
        player.close()


def outputs_of(pins: SignalsConfig, language: Language, model: Path = MODEL) -> Outputs:
    """The pins of this machine, or a list of what they would do."""
    if not is_a_pi(model):
        click.echo(say(_NO_PI, language))
        return LoggedOutputs(click.echo)
    with extra("pi"):
        from farebox.peripherals.gpio import OutputPins, PinOutputs
    buzzer, green, yellow, red = map(number, (pins.buzzer, pins.green, pins.yellow, pins.red))
    return PinOutputs(OutputPins(buzzer, green, yellow, red, pins.plain_buzzer, pins.active_high))


def is_a_pi(model: Path = MODEL) -> bool:
    """Whether this machine says that it is a Raspberry Pi."""
    try:
        return model.read_bytes().startswith(b"Raspberry Pi")
    except OSError:
        return False


def _tell(fault: OutputFault | None, language: Language) -> None:
    if fault is None:
        click.echo(say(("音とランプは復旧しました", "sounds and lamps work again"), language))
    else:
        click.echo(f"{fault.part}: {fault.what}", err=True)
