"""A station's gates and a top-up machine as the system starts them: real processes, everything else on wires (模擬)."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import dump, load
from farebox.console import protocol as words
from farebox.formats.journal import Intent
from farebox.journal.reading import read
from farebox.peripherals.note_acceptor import Phase
from farebox.result import Side
from reader.keys import bench_keys
from sim.hardware.field import CardField
from sim.hardware.note_acceptor import NoteAcceptorModel, NoteAcceptorOnPty
from sim.hardware.pn532 import Pn532
from tariff.purses import money_yen
from tests.farebox.bus import account_of, noruca
from tests.farebox.station_line import FARES_YEN, LINE, STATIONS, line_feed
from tests.tools.test_service import Service

_WAIT_S = 60


@contextmanager
def served(folder: Path, more: str, **changed: str) -> Iterator[Service]:
    """A service from its start to a clean end."""
    service = Service(folder, more, **changed)
    try:
        yield service
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(_WAIT_S) == 0
    finally:
        service.close()


def at_station(folder: Path, card: Path, name: str, side: Side) -> words.SeenTap:
    """One passenger at one station, whose terminal was started for it."""
    (folder / name).mkdir()
    line_feed(folder / name)
    more = f'[place]\nkind = "station"\nroute = "{LINE}"\nname = "{name}"\n'
    images = f'image:{card}"\nexit = "image:{card.parent}/./{card.name}'
    with served(folder / name, more, entry=images, feed=f"{folder}/{name}/small") as service:
        service.says(words.LayCard(side))
        return service.shows(lambda picture: picture.taps).taps[0]


def inserted(model: NoteAcceptorModel, wire: NoteAcceptorOnPty) -> bool:
    """Whether the slot was open, and has a note now."""
    with wire.lock:
        if model.phase is Phase.IDLE:
            model.insert(1_000)
        return model.inside is not None


@pytest.mark.parametrize(("entered", "left"), [(0, 2), (2, 1)])
def test_nor_11_in_at_one_station_and_out_at_another(tmp_path: Path, entered: int, left: int) -> None:
    card = tmp_path / "my.card.cbor"
    card.write_bytes(dump(noruca(2_000)))
    assert at_station(tmp_path, card, STATIONS[entered], Side.BOARDING).accepted
    seen = at_station(tmp_path, card, STATIONS[left], Side.ALIGHTING)
    assert seen.taken_yen == FARES_YEN[abs(left - entered)]
    assert money_yen(account_of(load(card.read_bytes(), "card"))) == 2_000 - FARES_YEN[abs(left - entered)]


def test_nor_11_a_machine_tops_a_card_up_with_a_note(tmp_path: Path) -> None:
    """Card and note come over wires: the chip and the acceptor are simulated, pyserial, nfcpy and all above are not."""
    card, field, model = noruca(500), CardField(), NoteAcceptorModel()
    with Pn532(field) as chip, NoteAcceptorOnPty(model) as wire:
        more = f'[notes]\nacceptor = "{wire.path}"\n[place]\nkind = "top-up-machine"\nname = "NORUCA STATION"\n'
        with served(tmp_path, more, id='ST-1"\noperator = "noruca', entry=f"tty:{chip.path}") as service:
            field.lay(FelicaCard(card, bench_keys().card_key(card.idm)))
            service.shows(lambda picture: picture.taps)
            while not model.box and not inserted(model, wire):
                time.sleep(0.01)
            topped = service.shows(lambda picture: picture.taps[0].balance_yen == 1_600).taps[0]
            assert topped.accepted and topped.told[1].endswith("1,100")
            field.lift()
    assert money_yen(account_of(card)) == 1_600
    entries = read(tmp_path / "farebox.journal").entries
    (intent,) = (entry.record for entry in entries if isinstance(entry.record, Intent))
    assert (intent.action, intent.note_yen, intent.premium_yen) == ("top-up", 1_000, 100)
