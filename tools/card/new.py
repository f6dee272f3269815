"""`farebox card new`: a card as a counter would hand it out, as an image (模擬)."""

import os
import time
from pathlib import Path
from typing import Any

import click

from cardimage import image as card_image
from cardimage.issue import issue
from tariff.calendar import day_in_japan
from tariff.purses import money_yen
from tools.card.making import Order, account_of, card_options, engraved
from tools.files import write_whole
from tools.options import FILE


@click.command(short_help="Make a simulated card (模擬).")
@card_options
@click.option("--idm", default="", help="Manufacture id, 16 hex digits. Made up if not given.")
@click.option(
    "-o",
    "--output",
    "path",
    type=FILE,
    required=True,
    help="The image file to write.",
)
@click.option("--force", is_flag=True, help="Write over an existing file.")
def new(idm: str, path: Path, force: bool, **words: Any) -> None:
    """Make a card as a counter would hand it out, and write its image.

    \b
    farebox card new --operator lococa --balance 2000 -o adult.card.cbor
    farebox card new --operator lococa --balance 1000 --pass 実業高校前 南湖公園 \\
        --pass-days 2026-11-01 2026-11-30 -o pass.card.cbor
    farebox card new --operator aizu-noruca --balance 50 --auto-charge 100 1000 -o auto.card.cbor
    farebox card new --operator iwate-green-pass --balance 500 --points 300 -o points.card.cbor
    farebox card new --operator noruca --coupons 1100 -o coupons.card.cbor
    """
    if path.is_dir() or (path.exists() and not force):
        raise click.UsageError(f"{path} exists; {'name a file' if path.is_dir() else '--force writes over it'}")
    order = Order(**words)
    today = order.issued or day_in_japan(int(time.time()))
    account = account_of(order, today)
    identity = _octets(idm) if idm else b"\x01\x2e" + os.urandom(6)
    number = engraved(order, identity)
    write_whole(path, card_image.dump(issue(identity, account, number, today)))
    click.echo(f"{path}: simulated card (模擬) {number}, {money_yen(account):,} yen")


def _octets(text: str) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 8:
        raise click.UsageError(f"--idm {text}: not 16 hex digits")
    return octets
