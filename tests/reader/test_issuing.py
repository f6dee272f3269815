"""Cards issued, wiped and rekeyed at a counter: what is set, what is left alone, and cards taken away at any moment."""

import copy
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from cardimage.layout.bits import sealed
from cardimage.layout.slots import encode_slot, slot_of
from cardimage.protection import Protection
from cardimage.resolve import Standing, standing
from reader.issuing import (
    Issued,
    Left,
    Problem,
    Rekeyed,
    Step,
    Why,
    Wiped,
    issue_card,
    look,
    rekey_card,
    wipe_card,
)
from reader.port import CardLost, Declined, Polled, PollOutcome, ReaderFault
from sim.hardware.field import FieldPort, Moment, Withdrawal
from tariff.account import Account, HolderKind
from tests.cardimage import peer
from tests.cardimage.accounts import IDM
from tests.reader.desk import (
    ACTS,
    BOTH,
    FACTORY_KEY,
    NEW,
    OLD,
    PADS,
    POLLED,
    WELL,
    Desk,
    blocks_of,
    bought,
    commands,
    done,
    issued,
    made,
    memory,
)
from tests.second_card.lite_s_card import LiteSCard
from tests.second_card.second_bench import SecondPort

WIPED = dict.fromkeys(range(14), bytes(16))
MC_BOUGHT = bytes.fromhex("FF FF FF 00 07 00 00 00 00 00 00 00 00 00 00 00")
MC_BENCH = bytes.fromhex("FF FF 00 00 07 01 00 00 00 00 00 00 00 00 00 00")
MC_LOCKED = bytes.fromhex("FF 3F 00 00 07 01 00 00 00 00 FF 3F 01 00 00 00")
CKV_1 = bytes.fromhex("01 00") + bytes(14)
CKV_2 = bytes.fromhex("02 00") + bytes(14)
AT = {Protection.BENCH: MC_BENCH, Protection.LOCKED: MC_LOCKED}


def pads_of(desk: Desk) -> dict[int, bytes]:
    return {block: desk.blocks[block] for block in range(14)}


# -- issuing


@pytest.mark.parametrize("protection", Protection)
def test_a_bought_card_becomes_one_that_a_bus_takes(protection: Protection) -> None:
    desk = Desk()
    assert issue_card(desk.bench, POLLED, PADS, protection) == Issued(IDM, 1, AT[protection])
    assert pads_of(desk) == PADS
    assert (desk.blocks[0x88], desk.blocks[0x86]) == (AT[protection], CKV_1)
    assert desk.tapped(OLD) == ((PADS[0], PADS[1]), 1)
    # Closing the system blocks is what makes the chip take writes with MAC_A: the count begins at 0.
    assert desk.blocks[0x90] == bytes(16)
    assert desk.steps == [Step.LOOK, Step.CONTENTS, Step.KEY, Step.VERSION, Step.CHECK, Step.PROTECTION, Step.CHECK]


def test_locked_is_what_the_image_of_an_issued_card_has() -> None:
    desk = issued(Protection.LOCKED)
    image = blocks_of(issue(IDM, Account("lococa", 2_000, HolderKind.CHILD), "LC1", date(2026, 11, 20)))
    assert desk.blocks[0x88] == image[0x88]


def test_the_second_card_is_issued_too() -> None:
    """It takes a change of MC at its next power-up only, and counts from FFFE00, as real ones are said to."""
    card = LiteSCard(IDM, POLLED.pmm, FACTORY_KEY)
    port = SecondPort()
    port.lay(card)
    bench = Desk().bench._replace(port=port)
    for protection in Protection:
        assert issue_card(bench, POLLED, PADS, protection) == Issued(IDM, 1, AT[protection])
        assert {block: card.memory[block] for block in range(14)} == PADS
        assert card.memory[0x86] == CKV_1
        assert card.count < 2
    assert rekey_card(bench._replace(keys=BOTH), POLLED) == Rekeyed(IDM, 1, 2)
    assert isinstance(wipe_card(bench._replace(keys=BOTH), POLLED), Wiped)
    assert {block: card.memory[block] for block in range(14)} == WIPED
    assert (card.memory[0x86], card.memory[0x87]) == (bytes(16), FACTORY_KEY)


def test_issuing_the_same_again_writes_nothing() -> None:
    desk = issued(Protection.LOCKED)
    before = dict(desk.blocks)
    assert isinstance(issue_card(desk.bench, POLLED, PADS, Protection.LOCKED), Issued)
    assert desk.blocks == before


def test_a_bench_card_can_be_locked_later() -> None:
    desk = issued(Protection.BENCH)
    assert issue_card(desk.bench, POLLED, PADS, Protection.LOCKED) == Issued(IDM, 1, MC_LOCKED)


def test_a_locked_card_is_good_for_the_bench_too_but_stays_locked() -> None:
    desk = issued(Protection.LOCKED)
    assert issue_card(desk.bench, POLLED, PADS, Protection.BENCH) == Issued(IDM, 1, MC_LOCKED)


def test_the_radio_byte_of_a_card_is_left_as_it_is() -> None:
    desk = Desk()
    desk.blocks[0x88] = bytes.fromhex("FF FF FF 00 05") + bytes(11)
    assert isinstance(issue_card(desk.bench, POLLED, PADS, Protection.LOCKED), Issued)
    assert desk.blocks[0x88][4] == 5


@pytest.mark.parametrize("block", [0, 1, 7, 13])
def test_a_card_that_holds_something_else_is_left_alone(block: int) -> None:
    desk = Desk()
    desk.blocks[block] = b"\x01" + bytes(15)
    before = dict(desk.blocks)
    outcome = issue_card(desk.bench, POLLED, PADS, Protection.LOCKED)
    assert outcome == Problem(Why.NOT_BLANK, Step.LOOK, f"S_PAD{block}")
    assert desk.blocks == before


def test_a_card_in_use_is_not_issued_over() -> None:
    desk = issued()
    desk.blocks[1] = b"\x21" + bytes(15)  # it boarded
    before = dict(desk.blocks)
    assert issue_card(desk.bench, POLLED, PADS, Protection.BENCH) == Problem(Why.NOT_BLANK, Step.LOOK, "S_PAD1")
    assert desk.blocks == before


def test_a_card_of_an_unknown_key_is_left_alone() -> None:
    desk = Desk(card=FelicaCard(bought(), bytes(range(16))))
    before = dict(desk.blocks)
    for act in (lambda: issue_card(desk.bench, POLLED, PADS, Protection.BENCH), lambda: wipe_card(desk.bench, POLLED)):
        assert act() == Problem(Why.UNKNOWN_KEY, Step.LOOK)
    assert rekey_card(desk.bench, POLLED) == Problem(Why.UNKNOWN_KEY, Step.LOOK)
    assert desk.blocks == before


@pytest.mark.parametrize(
    ("mc", "what"),
    [
        # S_PAD5 read-only
        ("DF FF FF 00 07 00 00 00 00 00 00 00 00 00 00 00", "read-only"),
        # S_PAD5 read after authentication
        ("FF FF FF 00 07 00 20 00 00 00 00 00 00 00 00 00", "authentication"),
        # S_PAD13 written after authentication
        ("FF FF FF 00 07 00 00 00 00 20 00 00 00 00 00 00", "authentication"),
        # system blocks closed for good, the factory's key in them
        ("FF FF 00 00 07 00 00 00 00 00 00 00 00 00 00 00", "key can't be changed"),
        # restrictions closed before they were set
        ("FF 7F FF 00 07 00 00 00 00 00 00 00 00 00 00 00", "fixed"),
    ],
)
def test_a_card_that_can_not_be_made_ours_is_left_alone(mc: str, what: str) -> None:
    desk = Desk()
    desk.blocks[0x88] = bytes.fromhex(mc)
    before = dict(desk.blocks)
    outcome = issue_card(desk.bench, POLLED, PADS, Protection.LOCKED)
    assert isinstance(outcome, Problem)
    assert (outcome.why, outcome.step, outcome.again) == (Why.UNFIT, Step.LOOK, False)
    assert what in outcome.detail
    assert desk.blocks == before


@pytest.mark.parametrize("ic_code", [0x01, 0xF0, 0x06])
def test_another_chip_is_not_touched(ic_code: int) -> None:
    desk = Desk()
    polled = Polled(IDM, bytes((0, ic_code)) + bytes(6), 0x88B4)
    for outcome in (
        issue_card(desk.bench, polled, PADS, Protection.BENCH),
        wipe_card(desk.bench, polled),
        rekey_card(desk.bench, polled),
    ):
        assert outcome == Problem(Why.NOT_LITE_S, Step.LOOK, f"IC code {ic_code:02X}")
    assert desk.field.commands == 0


def test_another_card_laid_instead_is_not_touched() -> None:
    desk = Desk()
    other = POLLED._replace(idm=bytes.fromhex("01 2E 00 00 00 00 00 02"))
    before = dict(desk.blocks)
    outcome = issue_card(desk.bench, other, PADS, Protection.BENCH)
    assert outcome == Problem(Why.ANOTHER_CARD, Step.LOOK, again=True)
    assert desk.blocks == before


def test_an_empty_field_says_so() -> None:
    desk = Desk()
    desk.field.lift()
    assert issue_card(desk.bench, POLLED, PADS, Protection.BENCH) == Problem(Why.CARD_LEFT, Step.LOOK, again=True)


def test_a_locked_card_at_the_end_of_its_writes_is_not_written() -> None:
    desk = issued(Protection.LOCKED)
    desk.blocks[0x90] = bytes.fromhex("00 FE FF") + bytes(13)
    before = dict(desk.blocks)
    assert wipe_card(desk.bench, POLLED) == Problem(Why.WORN_OUT, Step.CONTENTS)
    assert desk.blocks == before


def test_a_bench_card_at_the_end_of_its_writes_is_worn_out_where_a_write_takes_the_key() -> None:
    desk = issued(Protection.BENCH)
    desk.blocks[0x90] = bytes.fromhex("00 FE FF") + bytes(13)
    assert wipe_card(desk.bench, POLLED) == Problem(Why.WORN_OUT, Step.KEY)
    assert pads_of(desk) == WIPED


MC_OPEN_BUT_MAC = bytes.fromhex("FF FF FF 00 07 00 00 00 00 00 FF 3F 00 00 00 00")
"""System blocks open, S_PADs written with MAC_A."""


def test_an_open_card_takes_writes_as_far_as_it_can_count() -> None:
    desk = Desk()
    desk.blocks[0x88], desk.blocks[0] = MC_OPEN_BUT_MAC, b"\x01" * 16
    desk.blocks[0x90] = bytes.fromhex("FE FF FF") + bytes(13)
    assert wipe_card(desk.bench, POLLED) == Wiped(IDM, (Left.PADS_NEED_MAC,))
    assert desk.blocks[0x90] == bytes.fromhex("FF FF FF") + bytes(13)


def test_a_card_that_counts_no_further_is_worn_out_and_no_fault_of_ours() -> None:
    """One write with MAC_A is left, and two are wanted."""
    desk = Desk()
    desk.blocks[0x88] = MC_OPEN_BUT_MAC
    desk.blocks[0] = desk.blocks[1] = b"\x01" * 16
    desk.blocks[0x90] = bytes.fromhex("FE FF FF") + bytes(13)
    assert wipe_card(desk.bench, POLLED) == Problem(Why.WORN_OUT, Step.CONTENTS)


def test_a_card_that_counts_no_further_is_issued_while_it_asks_for_no_mac() -> None:
    """Closing its system blocks sets its count to 0."""
    desk = Desk()
    desk.blocks[0x90] = bytes.fromhex("FF FF FF") + bytes(13)
    assert issue_card(desk.bench, POLLED, PADS, Protection.BENCH) == Issued(IDM, 1, MC_BENCH)


class ForgetfulCard(FelicaCard):
    """A card that answers each write as done, and keeps none of one block."""

    lost = 0

    def process(self, frame: bytes) -> bytes | None:
        blocks = blocks_of(self.image)
        before = blocks[self.lost]
        answer = super().process(frame)
        blocks[self.lost] = before
        return answer


@pytest.mark.parametrize(("block", "name"), [(0, "S_PAD0"), (13, "S_PAD13"), (0x86, "CKV")])
def test_what_was_not_kept_is_found_before_anything_is_locked(block: int, name: str) -> None:
    card = ForgetfulCard(bought(), FACTORY_KEY)
    card.lost = block
    desk = Desk(card=card)
    pads = dict.fromkeys(range(14), b"\x01" * 16)
    assert issue_card(desk.bench, POLLED, pads, Protection.LOCKED) == Problem(Why.NOT_KEPT, Step.CHECK, name)
    assert desk.blocks[0x88] == MC_BOUGHT


def test_a_key_that_was_not_kept_is_found_before_anything_is_locked() -> None:
    class KeepsItsKey(FelicaCard):
        def process(self, frame: bytes) -> bytes | None:
            key = self._key
            answer = super().process(frame)
            self._key = key
            return answer

    desk = Desk(card=KeepsItsKey(bought(), FACTORY_KEY))
    outcome = issue_card(desk.bench, POLLED, PADS, Protection.LOCKED)
    assert outcome == Problem(Why.NOT_KEPT, Step.KEY, "CK")
    assert desk.blocks[0x88] == MC_BOUGHT


def test_a_configuration_that_was_not_kept_is_told() -> None:
    card = ForgetfulCard(bought(), FACTORY_KEY)
    card.lost = 0x88
    outcome = issue_card(Desk(card=card).bench, POLLED, PADS, Protection.LOCKED)
    assert outcome == Problem(Why.NOT_KEPT, Step.CHECK, "MC")


def test_a_reader_that_fails_is_told_as_such() -> None:
    desk = Desk()
    fault = ReaderFault("field", "unplugged")

    class Broken(FieldPort):
        def field_off(self) -> ReaderFault:
            return fault

    assert issue_card(desk.bench._replace(port=Broken(desk.field)), POLLED, PADS, Protection.BENCH) == fault


def test_a_reader_is_given_a_second_to_find_the_card_again() -> None:
    """A PC/SC reader needs as long after its field was off."""
    desk, waited_s = Desk(), list[float]()

    class Slow(FieldPort):
        def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
            waited_s.append(deadline_s)
            return super().poll(system_codes)

    bench = desk.bench._replace(port=Slow(desk.field), clock=lambda: 50.0)
    assert isinstance(issue_card(bench, POLLED, PADS, Protection.BENCH), Issued)
    assert set(waited_s) == {51.0}


def test_a_card_that_answers_no_write_is_looked_at_four_times() -> None:
    desk = Desk()

    class Deaf(FieldPort):
        looks = 0

        def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
            is_challenge = frame[13:16] == bytes((1, 0x80, 0x80))
            self.looks += frame[1] == 0x08 and is_challenge
            is_deaf = frame[1] == 0x08 and not is_challenge
            return CardLost() if is_deaf else super().transceive(frame, timeout_s)

    port = Deaf(desk.field)
    outcome = issue_card(desk.bench._replace(port=port), POLLED, PADS, Protection.BENCH)
    assert outcome == Problem(Why.CARD_LEFT, Step.CONTENTS, again=True)
    assert port.looks == 4
    assert desk.blocks[0x88] == MC_BOUGHT


# -- wiping


def test_a_bench_card_is_given_back() -> None:
    desk = issued(Protection.BENCH)
    assert wipe_card(desk.bench, POLLED) == Wiped(IDM, (Left.SYSTEM_CLOSED,))
    assert pads_of(desk) == WIPED
    assert desk.blocks[0x86] == bytes(16)
    assert desk.blocks[0x88] == MC_BENCH
    desk.lay()
    state = look(desk.bench, POLLED)
    assert not isinstance(state, (Problem, ReaderFault))
    assert (state.key_version, state.told_version, state.is_blank) == (0, 0, True)
    # To anyone who has the manual, it is a card with the factory's key.
    desk.field.exchange(bytes.fromhex("20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80") + bytes(16))
    answer = desk.field.exchange(bytes.fromhex("12 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 02 80 00 80 91"))
    assert answer is not None
    assert answer[-16:-8] == peer.read_mac(FACTORY_KEY, bytes(16), (0,), bytes(16))


def test_a_locked_card_is_wiped_but_what_was_locked_stays() -> None:
    desk = issued(Protection.LOCKED)
    assert wipe_card(desk.bench, POLLED) == Wiped(
        IDM, (Left.SYSTEM_CLOSED, Left.PADS_NEED_MAC, Left.CONFIGURATION_FIXED)
    )
    assert pads_of(desk) == WIPED
    assert desk.blocks[0x88] == MC_LOCKED
    assert desk.tapped(OLD) == (Declined(wrong_key=True), None)


def test_a_bought_card_has_nothing_to_give_back() -> None:
    desk = Desk()
    before = dict(desk.blocks)
    assert wipe_card(desk.bench, POLLED) == Wiped(IDM, ())
    assert desk.blocks == before


def test_a_strangers_tag_that_is_open_is_wiped_and_issued() -> None:
    desk = Desk()
    desk.blocks[0] = b"\x10\x04" + bytes(14)
    assert wipe_card(desk.bench, POLLED) == Wiped(IDM, ())
    assert isinstance(issue_card(desk.bench, POLLED, PADS, Protection.BENCH), Issued)


def test_what_a_wipe_may_not_write_it_leaves_and_says_so() -> None:
    desk = issued(Protection.BENCH)
    # S_PAD2 read-only, the key fixed.
    desk.blocks[0x88] = bytes.fromhex("FB FF 00 00 07 00 00 00 00 00 00 00 00 00 00 00")
    outcome = wipe_card(desk.bench, POLLED)
    assert outcome == Wiped(IDM, (Left.SYSTEM_CLOSED, Left.PADS_READ_ONLY, Left.KEY_KEPT))
    assert pads_of(desk) == WIPED | {2: PADS[2]}
    assert desk.blocks[0x86] == CKV_1


def test_a_wiped_card_is_issued_again_under_a_newer_key() -> None:
    desk = issued(Protection.BENCH)
    assert isinstance(wipe_card(desk.bench, POLLED), Wiped)
    assert issue_card(desk.with_keys(BOTH), POLLED, PADS, Protection.LOCKED) == Issued(IDM, 2, MC_LOCKED)


# -- changing keys


@pytest.mark.parametrize("protection", Protection)
def test_a_card_is_rekeyed_and_keeps_what_it_holds(protection: Protection) -> None:
    desk = issued(protection)
    assert rekey_card(desk.with_keys(BOTH), POLLED) == Rekeyed(IDM, 1, 2)
    assert pads_of(desk) == PADS
    assert (desk.blocks[0x86], desk.blocks[0x88]) == (CKV_2, AT[protection])
    assert desk.tapped(NEW) == ((PADS[0], PADS[1]), 2)
    assert desk.tapped(OLD) == (Declined(wrong_key=True), None)


def test_a_card_with_the_newest_key_is_left_as_it_is() -> None:
    desk = issued(keys=NEW)
    before = dict(desk.blocks)
    assert rekey_card(desk.with_keys(BOTH), POLLED) == Rekeyed(IDM, 2, 2)
    assert desk.blocks == before


def test_a_version_that_lies_is_set_right() -> None:
    desk = issued(keys=NEW)
    desk.blocks[0x86] = CKV_1
    assert rekey_card(desk.with_keys(BOTH), POLLED) == Rekeyed(IDM, 2, 2)
    assert desk.blocks[0x86] == CKV_2


def test_a_blank_card_is_not_rekeyed() -> None:
    desk = Desk()
    before = dict(desk.blocks)
    outcome = rekey_card(desk.bench, POLLED)
    assert outcome == Problem(Why.NOT_ISSUED, Step.LOOK, "it has the factory's key")
    assert desk.blocks == before


def test_a_card_whose_key_is_fixed_is_not_rekeyed() -> None:
    desk = issued(Protection.BENCH)
    desk.blocks[0x88] = bytes.fromhex("FF FF 00 00 07 00") + bytes(10)
    before = dict(desk.blocks)
    assert rekey_card(desk.with_keys(BOTH), POLLED) == Problem(Why.KEY_FIXED, Step.KEY)
    assert desk.blocks == before


# -- a card that leaves


def key_is_ours(desk: Desk) -> bool:
    state = look(desk.with_keys(BOTH), POLLED)
    return not isinstance(state, (Problem, ReaderFault))


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("moment", Moment)
def test_a_card_taken_away_at_any_command_is_finished_when_it_is_laid_again(act: str, moment: Moment) -> None:
    whole = made(act)
    expected = done(whole, act)
    for command in range(1, commands(act) + 1):
        desk = made(act)
        desk.lay(Withdrawal(command, moment))
        outcome = done(desk, act)
        if moment is Moment.ANSWER_LOST:
            assert isinstance(outcome, WELL), (command, outcome)
        elif isinstance(outcome, Problem):
            assert (outcome.why, outcome.again) == (Why.CARD_LEFT, True), (command, outcome)
        desk.lay()
        assert key_is_ours(desk)
        desk.lay()
        outcome = done(desk, act)
        assert isinstance(outcome, WELL), (command, outcome)
        assert outcome == expected or act == "rekey"
        assert memory(desk) == memory(whole), command


@pytest.mark.parametrize("moment", Moment)
def test_nothing_is_locked_on_a_card_that_left_before_it_proved_its_new_key(moment: Moment) -> None:
    before_the_last_look = commands("issue") - 8
    for command in range(1, before_the_last_look - 1):
        desk = made("issue")
        desk.lay(Withdrawal(command, moment))
        outcome = done(desk, "issue")
        if not isinstance(outcome, Issued):
            assert desk.blocks[0x88] == MC_BOUGHT


def test_the_slot_is_written_last_and_wiped_first() -> None:
    for command in range(1, commands("issue") + 1):
        desk = made("issue")
        desk.lay(Withdrawal(command, Moment.AFTER))
        done(desk, "issue")
        assert desk.blocks[0] == bytes(16) or pads_of(desk) == PADS
    for command in range(1, commands("wipe") + 1):
        desk = made("wipe")
        desk.lay(Withdrawal(command, Moment.AFTER))
        done(desk, "wipe")
        assert desk.blocks[0] == bytes(16) or pads_of(desk) == PADS


def tapped_once(kept: int) -> Desk:
    """A locked card whose newer slot, of 300 yen, stands in S_PAD`kept`; the other holds the 2,000 yen before."""
    desk = issued(Protection.LOCKED)
    for block, balance_yen, sequence in ((1 - kept, 2_000, 8), (kept, 300, 9)):
        desk.blocks[block] = encode_slot(slot_of(Account("lococa", balance_yen), sequence, 0))
    return desk


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("moment", Moment)
def test_faults_1_a_wipe_cut_short_leaves_the_balance_or_nothing(kept: int, moment: Moment) -> None:
    whole = tapped_once(kept)
    assert isinstance(wipe_card(whole.bench, POLLED), Wiped)
    for command in range(1, whole.field.commands + 1):
        desk = tapped_once(kept)
        desk.lay(Withdrawal(command, moment))
        wipe_card(desk.bench, POLLED)
        now = standing(desk.blocks[0], desk.blocks[1])
        assert not isinstance(now, Standing) or now.slot.stored_fare_yen == 300, command


def test_a_wipe_cut_short_never_lets_stand_what_a_newer_terminal_has_outdated() -> None:
    """One slot is of a layout that is not known here, so no slot stands: nor does the other one while it is wiped."""
    for newer in (0, 1):
        desk = tapped_once(1 - newer)
        desk.blocks[newer] = sealed((1 << 112) - 1)
        for command in range(1, 40):
            card = Desk(card=FelicaCard(copy.deepcopy(desk.card.image), OLD.card_key(IDM)))
            card.lay(Withdrawal(command, Moment.AFTER))
            wipe_card(card.bench, POLLED)
            assert not isinstance(standing(card.blocks[0], card.blocks[1]), Standing), command


hands = st.lists(
    st.tuples(
        st.sampled_from(ACTS), st.none() | st.builds(Withdrawal, st.integers(1, 60), st.sampled_from(list(Moment)))
    ),
    max_size=8,
)


@given(hands)
@settings(max_examples=60)
def test_whatever_is_done_in_whatever_order_the_card_is_never_lost(
    sequence: list[tuple[str, Withdrawal | None]],
) -> None:
    """Its key is always one of those held, MC only grows stricter, and a quiet wipe and issue end it well."""
    desk = Desk(BOTH)
    for act, withdrawal in sequence:
        before = desk.blocks[0x88]
        desk.lay(withdrawal)
        outcome = done(desk, act)
        after = desk.blocks[0x88]
        assert all(new & ~old == 0 for old, new in zip(before[:2], after[:2], strict=True))
        assert all(old & ~new == 0 for old, new in zip(before[6:13], after[6:13], strict=True))
        assert not isinstance(outcome, Problem) or outcome.why in (Why.CARD_LEFT, Why.NOT_BLANK, Why.NOT_ISSUED)
        desk.lay()
        assert key_is_ours(desk)
    desk.lay()
    assert isinstance(wipe_card(desk.with_keys(BOTH), POLLED), Wiped)
    assert isinstance(issue_card(desk.with_keys(BOTH), POLLED, PADS, Protection.LOCKED), Issued)
    assert desk.tapped(BOTH) == ((PADS[0], PADS[1]), 2)


# -- what a bus reads from a card whose rekeying was cut short


@pytest.mark.parametrize("moment", Moment)
def test_a_bus_with_both_versions_takes_a_card_left_at_any_moment_of_its_rekeying(moment: Moment) -> None:
    for command in range(1, commands("rekey") + 1):
        desk = made("rekey")
        desk.lay(Withdrawal(command, moment))
        done(desk, "rekey")
        assert desk.tapped(BOTH)[0] == (PADS[0], PADS[1])
        assert desk.field.commands == 3  # poll, challenge, read: as ever
