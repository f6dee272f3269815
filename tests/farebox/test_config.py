"""A terminal's settings: the example holds, and whatever is wrong is told, all of it at once (faults 27)."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.config import EXAMPLE, MOST_BYTES, Config, ConfigBroken, SignalsConfig, load, number, parse
from farebox.words import Language


def broken(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigBroken) as caught:
        parse(text, "farebox.toml")
    assert all(line.startswith("farebox.toml: ") for line in str(caught.value).splitlines())
    return caught.value.problems


def test_the_example_holds() -> None:
    config = parse(EXAMPLE, "example")
    assert (config.vehicle.id, config.readers.exit, config.console.language) == ("BUS-1", None, Language.JA)


def test_the_mark_that_windows_editors_put_first_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "farebox.toml"
    path.write_text(EXAMPLE, "utf-8-sig")
    assert load(path) == parse(EXAMPLE, "example")


@pytest.mark.parametrize(
    ("wrong", "right", "problems"),
    [
        ('id = "BUS-1"', "", ("vehicle.id: missing",)),
        ('id = "BUS-1"', "id = 17", ("vehicle.id: 17 is not a text",)),
        ('id = "BUS-1"', 'id = ""', ("vehicle.id: '' is not a text",)),
        ('id = "BUS-1"', f'id = "{"バ" * 67}"', ("vehicle.id: longer than 200 bytes",)),
        ("[vehicle]", "[vehicles]", ("vehicle: missing", "vehicles: no such setting; known are vehicle, readers, ")),
        ("[vehicle]", "vehicle = 3\n[other]", ("other: no such setting", "vehicle: must be a table")),
        ('entry = "usb"', 'entry = "usb"\nexit = "usb"', ("readers.exit: the same as readers.entry",)),
        ('entry = "usb"', 'entrance = "usb"', ("readers.entry: missing", "readers: entrance: no such setting")),
        ("/var/lib/farebox/feed.zip", "feed.zip", ("data.feed: feed.zip must be a whole path",)),
        ('language = "ja"', 'language = "fr"', ("console.language: 'fr' is none of ja, en",)),
        ('language = "ja"', "language = ['ja']", ("console.language: ['ja'] is none of ja, en",)),
        ("/run/farebox/console", "console", ("console.socket: console must be a whole path",)),
        ("/run/farebox/console", "/run/" + "x" * 103, ("console.socket: longer than 107 bytes",)),
        ("[keys]", "[keys", ("not TOML: ",)),
        ('source = "checked"', 'source　= "checked"', ("not TOML: ",)),
    ],
)
def test_faults_27_what_is_wrong_is_told_by_its_place(wrong: str, right: str, problems: tuple[str, ...]) -> None:
    assert EXAMPLE.count(wrong) == 1
    found = broken(EXAMPLE.replace(wrong, right))
    assert len(found) == len(problems)
    assert all(told.startswith(problem) for told, problem in zip(found, problems, strict=True)), found


def uncommented() -> str:
    """The example with every setting that it only shows, but for those that can't be at once."""
    text = re.sub(r"^# (\[|\w+ = )", r"\1", EXAMPLE, flags=re.MULTILINE).replace(
        "simulated = true", "simulated = false"
    )
    return re.sub(r"^(route|name) = .*$", "", text, flags=re.MULTILINE)


def test_every_setting_that_the_example_shows_is_one() -> None:
    text = uncommented()
    config = parse(text, "example")
    assert config.inputs.gps == "/dev/ttyUSB0" and config.slips is not None
    assert config.signals == SignalsConfig()


@pytest.mark.parametrize(
    ("wrong", "right", "problem"),
    [
        ("gps_baud = 9_600", "gps_baud = 96", "inputs.gps_baud: 96 is not within 1200 and 1000000"),
        ("gps_baud = 9_600", 'gps_baud = "9600"', "inputs.gps_baud: '9600' is not a whole number"),
        ('gps = "/dev/ttyUSB0"', 'gps = "ttyUSB0"', "inputs.gps: ttyUSB0 must be a device's whole path"),
        ("door = 5", "door = 28", "inputs.door: there is no GPIO28"),
        ("door = 5", "door = 6", "inputs.bell: GPIO6 is inputs.door already"),
        ("door = 5", 'door = "off"', "inputs.door: 'off' is not a whole number"),
        ("wheels = 13", "wheels = true", "inputs.wheels: True is not a whole number"),
        ("simulated = false", "simulated = true", "inputs.simulated: beside a real GPS or real pins"),
        ("simulated_pace = 1 ", "simulated_pace = 0 ", "inputs.simulated_pace: 0 is not within 1 and 1000"),
        ('acceptor = "/dev/ttyUSB2"', 'acceptor = "usb"', "notes.acceptor: usb must be a device's whole path"),
        ("red = 25", "red = 18", "signals.red: GPIO18 is signals.buzzer already"),
        ('printer = "tty:/dev/ttyUSB1"', 'printer = "lp0"', "slips.printer: lp0 is none of tty:/PATH, "),
        ("baud = 38_400", "baud = 0", "slips.baud: 0 is not within"),
        ('paper = "58mm"', 'paper = "A4"', "slips.paper: 'A4' is none of 58mm, 80mm"),
        ('refusals = "card"', 'refusals = "some"', "slips.refusals: 'some' is none of card, all, none"),
    ],
)
def test_faults_27_a_peripheral_that_cannot_be_is_told_by_its_place(wrong: str, right: str, problem: str) -> None:
    text = uncommented()
    assert text.count(wrong) == 1
    (told,) = broken(text.replace(wrong, right))
    assert told.startswith(problem), told


@pytest.mark.parametrize(
    ("place", "problems"),
    [
        ('kind = "bus"\nroute = "飯坂線"', ("place",)),
        ('kind = "station"', ("place.name", "place.route", "readers.exit")),
        ('kind = "station"\nroute = "飯坂線"\nname = "花水坂"', ("readers.exit",)),
        ('kind = "top-up-machine"', ("place.name", "vehicle.operator", "notes.acceptor")),
        (
            'kind = "top-up-machine"\nname = "ST"\n[inputs]\npins = true',
            ("inputs", "vehicle.operator", "notes.acceptor"),
        ),
        ('kind = "tram"', ("place.kind",)),
    ],
)
def test_nor_11_faults_27_what_a_place_lacks_is_told(place: str, problems: tuple[str, ...]) -> None:
    assert tuple(line.split(":")[0] for line in broken(f"{EXAMPLE}[place]\n{place}\n")) == problems


def test_a_pin_that_is_not_wired() -> None:
    config = parse(EXAMPLE + '[inputs]\npins = true\ndoor = "none"\n', "bench")
    assert number(config.inputs.door) is None and number(config.inputs.bell) == 6


def test_faults_27_every_fault_is_told_at_once() -> None:
    text = (
        EXAMPLE.replace('id = "BUS-1"', "").replace('entry = "usb"', "").replace('"ja"', '"fr"').replace("[keys]", "")
    )
    found = broken(text)
    assert [line.split(": ")[0] for line in found] == sorted(
        ("console.language", "data", "keys", "readers.entry", "vehicle.id")
    )


def test_faults_27_an_empty_file_lacks_everything() -> None:
    assert [line.split(":")[0] for line in broken("")] == ["data", "keys", "readers", "vehicle"]


def test_faults_27_a_file_that_is_no_configuration_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "farebox.toml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigBroken, match="more than 64 KiB"):
        load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigBroken, match="byte 0 is not UTF-8"):
        load(path)


@given(st.text(max_size=300) | st.just("a = " + "[" * 5_000))
def test_no_text_is_more_than_broken(text: str) -> None:
    with suppress(ConfigBroken):
        assert isinstance(parse(text, "any"), Config)


EXCHANGE = """
[exchange]
url = "https://centre.example/bus/"
ca = "/etc/farebox/centre-ca.pem"
token = "credential:centre-token"
"""
WITH_CENTRE = EXAMPLE.replace("# bundles =", "bundles =").replace("# centre =", "centre =") + EXCHANGE


def test_a_vehicle_with_a_centre() -> None:
    exchange = parse(WITH_CENTRE, "example").exchange
    assert exchange is not None and exchange.every_s == 300
    assert parse(EXAMPLE, "example").exchange is None


@pytest.mark.parametrize(
    ("wrong", "right", "problem"),
    [
        ('"https://centre', '"http://centre', "exchange.url: http://centre.example/bus/ is not https://HOST/…/"),
        ('example/bus/"\nca', 'example/bus"\nca', "exchange.url: "),
        ('example/bus/"\nca', 'example/?bus=/"\nca', "exchange.url: "),
        ('"https://centre', '"https://me:secret@centre', "exchange.url: "),
        ('ca = "/etc', 'ca = "etc', "exchange.ca: etc/farebox/centre-ca.pem must be a whole path"),
        ('token = "credential:centre-token"\n', "", "exchange.token: missing"),
        ("[exchange]\nurl", "[exchange]\nevery_s = 1\nurl", "exchange.every_s: 1 is not from 10 to 86400"),
        ('\ncentre = "', '\n# "', "keys.centre: missing; "),
        ('\nbundles = "', '\n# "', "data.bundles: missing; the exchange keeps there"),
        ("[clock]", '[clock]\ntold = "time"', "clock.told: time must be a whole path"),
    ],
)
def test_faults_27_what_is_wrong_with_the_exchange_is_told(wrong: str, right: str, problem: str) -> None:
    head, _, tail = WITH_CENTRE.rpartition(wrong)
    (told,) = broken(head + right + tail)
    assert told.startswith(problem)
