"""What every CardReader promises, held against each driver: images without radio, and the chips behind real nfcpy."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Protocol

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks, CardImage
from cardimage.issue import issue
from cardimage.layout.slots import encode_slot, slot_of
from cardimage.resolve import Fate, fate
from reader.felica import FelicaReader
from reader.image_port import ImageReader
from reader.keys import MasterKeyStore, bench_keys
from reader.port import CardLost, CardReader, Declined, Indeterminate, NoCard, Session, Written
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Account, HolderKind
from tests.cardimage.accounts import IDM
from tests.contract.rigs import CHIPS, ChipRig, opened_within, pn532_rig
from tests.reader.outcomes import good

OTHER_IDM = bytes.fromhex("01 2E 00 00 00 00 00 02")
NEW = bytes(range(0x10, 0x20))


def issued(idm: bytes = IDM, balance_yen: int = 2_000) -> CardImage:
    return issue(idm, Account("lococa", balance_yen, HolderKind.CHILD), "LC1", date(2026, 11, 20))


def blocks_of(image: CardImage) -> Blocks:
    blocks = image.lite_s_blocks()
    assert blocks is not None
    return blocks


def writes(image: CardImage) -> int:
    return int.from_bytes(blocks_of(image)[0x90][:3], "little")


class Driver(Protocol):
    """A reader under test, and a hand."""

    @property
    def reader(self) -> CardReader: ...

    def lay(self, image: CardImage) -> None: ...

    def lift(self) -> None: ...


class ImageDriver:
    def __init__(self) -> None:
        self.reader = ImageReader()

    def lay(self, image: CardImage) -> None:
        self.reader.lay(image)

    def lift(self) -> None:
        self.reader.lift()


class ChipDriver:
    def __init__(self, make: Callable[[ExitStack], ChipRig] = pn532_rig, keys: MasterKeyStore | None = None) -> None:
        self._stack = ExitStack()
        rig = make(self._stack)
        self.field = rig.field
        self.reader = FelicaReader(opened_within(rig.port), keys or bench_keys(), os.urandom)

    def lay(self, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        self.field.lay(FelicaCard(image, bench_keys().card_key(image.idm)), withdrawal)

    def lift(self) -> None:
        self.field.lift()

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(params=CHIPS)
def chip(request: pytest.FixtureRequest) -> Iterator[ChipDriver]:
    driver = ChipDriver(CHIPS[request.param])
    yield driver
    driver.close()


@pytest.fixture
def other_keys() -> Iterator[ChipDriver]:
    driver = ChipDriver(keys=MasterKeyStore(bytes(32)))
    yield driver
    driver.close()


@pytest.fixture(params=["image", *CHIPS])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    if request.param == "image":
        yield ImageDriver()
        return
    driver = ChipDriver(CHIPS[request.param])
    yield driver
    driver.close()


def sensed(driver: Driver) -> Session:
    session = driver.reader.wait()
    assert not isinstance(session, tuple), session
    return session


# -- every driver


def test_an_empty_field_is_no_card(driver: Driver) -> None:
    assert driver.reader.wait() == NoCard()
    assert driver.reader.wait() == NoCard()


def test_a_reader_has_a_name(driver: Driver) -> None:
    assert driver.reader.name


def test_a_card_laid_is_sensed_by_its_idm(driver: Driver) -> None:
    driver.lay(issued())
    assert sensed(driver).idm == IDM


def test_opening_reads_both_slots(driver: Driver) -> None:
    image = issued()
    driver.lay(image)
    assert sensed(driver).open(0, 1) == (blocks_of(image)[0], blocks_of(image)[1])


@pytest.mark.parametrize("blocks", [(3, 4), (7, 8, 9), (13,), (2, 0)])
def test_reading_gives_the_blocks_asked_for_in_their_order(driver: Driver, blocks: tuple[int, ...]) -> None:
    image = issued()
    driver.lay(image)
    session = sensed(driver)
    good(session.open(0, 1))
    assert session.read(*blocks) == tuple(blocks_of(image)[block] for block in blocks)


def test_what_is_written_is_read_back_and_stays(driver: Driver) -> None:
    image = issued()
    driver.lay(image)
    session = sensed(driver)
    before = good(session.open(0, 1))
    assert session.write(1, NEW) == Written()
    assert session.read(0, 1) == (before[0], NEW)
    driver.lift()
    assert blocks_of(image)[1] == NEW
    driver.lay(image)
    assert sensed(driver).open(0, 1) == (before[0], NEW)


def test_a_write_changes_its_block_and_the_count_alone(driver: Driver) -> None:
    image = issued()
    before = dict(blocks_of(image))
    driver.lay(image)
    session = sensed(driver)
    good(session.open(0, 1))
    session.write(7, NEW)
    after = blocks_of(image)
    assert {block for block in after if after[block] != before[block]} == {7, 0x90}


def test_the_write_count_grows_with_each_write(driver: Driver) -> None:
    image = issued()
    blocks_of(image)[0x90] = bytes.fromhex("FE 00 00") + bytes(13)
    driver.lay(image)
    session = sensed(driver)
    good(session.open(0, 1))
    assert session.write_count == 0x0000FE
    for done in range(1, 4):
        assert session.write(7, NEW) == Written()
        assert session.write_count == writes(image) == 0x0000FE + done


def test_a_lifted_card_is_lost_to_a_read(driver: Driver) -> None:
    driver.lay(issued())
    session = sensed(driver)
    driver.lift()
    assert session.open(0, 1) == CardLost()
    assert driver.reader.wait() == NoCard()


def test_a_card_lifted_later_is_lost_to_a_further_read(driver: Driver) -> None:
    driver.lay(issued())
    session = sensed(driver)
    good(session.open(0, 1))
    driver.lift()
    assert session.read(3, 4) == CardLost()


def test_a_write_to_a_lifted_card_changes_nothing(driver: Driver) -> None:
    image = issued()
    driver.lay(image)
    session = sensed(driver)
    good(session.open(0, 1))
    before = dict(blocks_of(image))
    driver.lift()
    assert session.write(1, NEW) in (CardLost(), Indeterminate(1))
    assert blocks_of(image) == before


def test_a_card_laid_again_begins_a_new_session(driver: Driver) -> None:
    image = issued()
    driver.lay(image)
    session = sensed(driver)
    good(session.open(0, 1))
    assert session.write(1, NEW) == Written()
    driver.lift()
    assert driver.reader.wait() == NoCard()
    driver.lay(image)
    again = sensed(driver)
    assert good(again.open(0, 1))[1] == NEW
    assert again.write_count == 1
    assert again.write(0, NEW) == Written()


def test_the_next_card_is_another(driver: Driver) -> None:
    first, second = issued(), issued(OTHER_IDM, 500)
    driver.lay(first)
    earlier = sensed(driver)
    good(earlier.open(0, 1))
    driver.lift()
    driver.lay(second)
    session = sensed(driver)
    assert session.idm == OTHER_IDM
    assert session.open(0, 1) == (blocks_of(second)[0], blocks_of(second)[1])
    # The old session is of the old card and reaches no other (faults 6).
    before = dict(blocks_of(second))
    assert earlier.read(0) == CardLost()
    assert earlier.write(1, NEW) in (CardLost(), Indeterminate(1))
    assert blocks_of(second) == before


def test_closing_twice_is_fine(driver: Driver) -> None:
    driver.lay(issued())
    driver.reader.close()
    driver.reader.close()


# -- each chip: every command counted, and the card withdrawn at each


def test_a_boarding_takes_four_commands(chip: ChipDriver) -> None:
    chip.lay(issued())
    session = sensed(chip)
    assert chip.field.commands == 1  # Polling
    good(session.open(0, 1))
    assert chip.field.commands == 3  # RC, the slots
    session.write(1, NEW)
    assert chip.field.commands == 4


def test_a_card_with_conditions_takes_five(chip: ChipDriver) -> None:
    chip.lay(issued())
    session = sensed(chip)
    good(session.open(0, 1))
    session.read(3, 4)
    session.write(1, NEW)
    assert chip.field.commands == 5


@pytest.mark.parametrize("moment", Moment)
def test_a_card_withdrawn_at_the_poll_was_never_there(chip: ChipDriver, moment: Moment) -> None:
    image = issued()
    before = dict(blocks_of(image))
    chip.lay(image, Withdrawal(1, moment))
    assert chip.reader.wait() == NoCard()
    assert blocks_of(image) == before
    assert isinstance(chip.reader.wait(), NoCard) is (moment is not Moment.ANSWER_LOST)


@pytest.mark.parametrize("command", [2, 3])
@pytest.mark.parametrize("moment", Moment)
def test_a_card_withdrawn_while_it_is_opened_is_lost_unchanged(chip: ChipDriver, moment: Moment, command: int) -> None:
    image = issued()
    before = dict(blocks_of(image))
    chip.lay(image, Withdrawal(command, moment))
    assert sensed(chip).open(0, 1) == CardLost()
    # One attempt: the command that failed was the last.
    assert chip.field.commands == command
    assert blocks_of(image) == before
    if moment is Moment.ANSWER_LOST:
        assert sensed(chip).open(0, 1) == (before[0], before[1])
    else:
        assert chip.reader.wait() == NoCard()


@pytest.mark.parametrize("moment", Moment)
def test_a_card_withdrawn_at_a_further_read_is_lost_unchanged(chip: ChipDriver, moment: Moment) -> None:
    image = issued()
    before = dict(blocks_of(image))
    chip.lay(image, Withdrawal(4, moment))
    session = sensed(chip)
    good(session.open(0, 1))
    assert session.read(3, 4) == CardLost()
    assert blocks_of(image) == before
    if moment is Moment.ANSWER_LOST:
        assert session.read(3, 4) == (before[3], before[4])


OLD = bytes(16)
"""S_PAD1 of a new card."""

AT_THE_WRITE = {
    Moment.BEFORE: (OLD, 0),
    Moment.DURING: (NEW[:8] + OLD[8:], 1),
    Moment.AFTER: (NEW, 1),
    Moment.ANSWER_LOST: (NEW, 1),
}


@pytest.mark.parametrize("moment", Moment)
def test_a_write_whose_answer_is_lost_is_indeterminate(chip: ChipDriver, moment: Moment) -> None:
    image = issued()
    before = dict(blocks_of(image))
    chip.lay(image, Withdrawal(4, moment))
    session = sensed(chip)
    good(session.open(0, 1))
    assert session.write(1, NEW) == Indeterminate(1)
    assert chip.field.commands == 4
    block, count = AT_THE_WRITE[moment]
    after = blocks_of(image)
    assert (after[1], writes(image)) == (block, count)
    assert {number for number in after if after[number] != before[number]} <= {1, 0x90}
    if moment is Moment.ANSWER_LOST:
        assert session.read(0, 1) == (before[0], NEW)
    else:
        assert session.read(0, 1) == CardLost()
        assert chip.reader.wait() == NoCard()


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (Moment.BEFORE, Fate.NOT_WRITTEN),
        (Moment.DURING, Fate.NOT_WRITTEN),
        (Moment.AFTER, Fate.WRITTEN),
        (Moment.ANSWER_LOST, Fate.WRITTEN),
    ],
)
def test_the_next_tap_tells_what_became_of_the_write(chip: ChipDriver, moment: Moment, told: Fate) -> None:
    image = issued()
    chip.lay(image, Withdrawal(4, moment))
    session = sensed(chip)
    slots = good(session.open(0, 1))
    after = encode_slot(slot_of(Account("lococa", 1_770, HolderKind.CHILD), 1, 0))
    assert session.write(1, after) == Indeterminate(1)
    chip.lift()
    chip.lay(image)
    again = good(sensed(chip).open(0, 1))
    assert fate(slots[0], after, again[0], again[1]) is told


def test_an_image_withdrawn_leaves_no_session_on_the_chip(chip: ChipDriver) -> None:
    image = issued()
    chip.lay(image)
    session = sensed(chip)
    good(session.open(0, 1))
    chip.lift()
    chip.lay(image)
    # Same card, but its challenge is forgotten: it can't prove a read, nor will it take a write.
    assert session.read(0, 1) == Declined(wrong_key=False, status=bytes.fromhex("04 B2"))
    assert session.write(1, NEW) == Declined(wrong_key=False, status=bytes.fromhex("02 B2"))
    assert writes(image) == 0


def test_faults_10_11_a_card_of_another_key_is_refused_at_its_first_read(other_keys: ChipDriver) -> None:
    image = issued()
    other_keys.lay(image)
    session = sensed(other_keys)
    assert session.open(0, 1) == Declined(wrong_key=True)
    # Without the card's proof there is no key to write with: to try is a mistake of the caller's.
    with pytest.raises(RuntimeError, match="not open"):
        session.write(1, NEW)
    assert writes(image) == 0


def test_a_clone_of_another_cards_idm_is_refused(chip: ChipDriver) -> None:
    # The IDm of one card, the key of another (faults 11)
    chip.field.lay(FelicaCard(issued(), bench_keys().card_key(OTHER_IDM)))
    assert sensed(chip).open(0, 1) == Declined(wrong_key=True)


def test_a_worn_card_is_written_and_says_so(chip: ChipDriver) -> None:
    image = issued()
    blocks_of(image)[0x90] = (10_000).to_bytes(3, "little") + bytes(13)
    chip.lay(image)
    session = sensed(chip)
    good(session.open(0, 1))
    assert session.write(1, NEW) == Written(worn=True)
    assert (blocks_of(image)[1], writes(image)) == (NEW, 10_001)


def test_a_full_card_is_not_written(chip: ChipDriver) -> None:
    image = issued()
    blocks_of(image)[0x90] = (0xFFFE00).to_bytes(3, "little") + bytes(13)
    before = dict(blocks_of(image))
    chip.lay(image)
    session = sensed(chip)
    good(session.open(0, 1))
    assert session.write_count == 0xFFFE00
    assert session.write(1, NEW) == Declined(wrong_key=False, status=bytes.fromhex("02 B2"))
    assert blocks_of(image) == before


def test_two_readers_serve_two_cards_at_once() -> None:
    with ExitStack() as stack:
        drivers = [ChipDriver(make) for make in CHIPS.values()]
        for driver in drivers:
            stack.callback(driver.close)
        images = [issued(), issued(OTHER_IDM, 500)]
        for driver, image in zip(drivers, images, strict=True):
            driver.lay(image)
        sessions = [sensed(driver) for driver in drivers]
        assert [session.idm for session in sessions] == [IDM, OTHER_IDM]
        # Step by step in turn, so that neither can lean on the other.
        for session, image in zip(sessions, images, strict=True):
            assert session.open(0, 1) == (blocks_of(image)[0], blocks_of(image)[1])
        for place, session in enumerate(sessions):
            assert session.write(1, bytes((place,)) * 16) == Written()
        assert [blocks_of(image)[1] for image in images] == [bytes(16), b"\x01" * 16]
        assert [driver.field.commands for driver in drivers] == [4, 4]
        drivers[0].lift()
        assert drivers[0].reader.wait() == NoCard()
        assert sessions[1].read(1) == (b"\x01" * 16,)
