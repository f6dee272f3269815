"""A present card recorded: over the air of a card model, and over the real nfcpy."""

from collections.abc import Callable
from datetime import date

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.issue import issue
from cardimage.standard_card import StandardCard
from reader.keys import bench_keys
from reader.port import CardLost, NoCard, PollOutcome, ReaderFault, TwoCards
from reader.recording import NotRecorded, record
from sim.hardware.field import CardField, CardModel, FieldPort
from tariff.account import Account
from tests.cardimage.accounts import IDM as BENCH_IDM
from tests.reader.transit_card import transit_card


def bench_image() -> CardImage:
    return issue(BENCH_IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))


def bench_card() -> FelicaCard:
    return FelicaCard(bench_image(), bytes(16))


def at(*cards: CardModel) -> CardField:
    field = CardField()
    for card in cards:
        field.lay_beside(card)
    return field


def recorded(*cards: CardModel) -> CardImage | NotRecorded:
    return record(FieldPort(at(*cards)), 0.0, lambda _what: None)


def test_a_transit_card_is_recorded_as_it_is() -> None:
    assert recorded(StandardCard(transit_card())) == transit_card()


def test_a_bench_card_is_recorded_but_for_what_the_chip_keeps_to_itself() -> None:
    image = recorded(bench_card())
    assert isinstance(image, CardImage)
    assert image.idm == BENCH_IDM
    assert not image.simulated
    blocks, own = image.lite_s_blocks(), bench_image().lite_s_blocks()
    assert blocks is not None and own is not None
    assert {block: data for block, data in blocks.items() if block != 0x92} == own
    assert blocks[0x92] == bytes(16)  # STATE: not authenticated


def test_a_block_that_may_be_a_lite_s_cards_key_is_not_kept_of_any_card() -> None:
    """A card that says it is an NFC Forum tag may have more than 128 blocks; CK would be block 87h of one of ours."""
    card = CardImage(BENCH_IDM, bytes(8), {0x12FC: {0x000B: dict.fromkeys(range(0x90), bytes(16))}}, simulated=False)
    seen = recorded(StandardCard(card))
    assert isinstance(seen, CardImage)
    assert sorted(set(range(0x90)) - seen.systems[0x12FC][0x000B].keys()) == [0x80, 0x81, 0x87]


def test_blocks_that_ask_for_authentication_stay_out() -> None:
    image = bench_image()
    blocks = image.lite_s_blocks()
    assert blocks is not None
    blocks[0x88] = blocks[0x88][:6] + b"\x05\x00" + blocks[0x88][8:]  # S_PAD0 and S_PAD2
    seen = recorded(FelicaCard(image, bytes(16)))
    assert isinstance(seen, CardImage)
    kept = seen.systems[0x88B4][0x0009]
    assert set(blocks) - set(kept) == {0, 2}
    assert kept[1] == blocks[1]


def test_each_service_is_told_as_it_is_read() -> None:
    told = list[str]()
    record(FieldPort(at(StandardCard(transit_card()))), 0.0, told.append)
    assert told == ["0003 008B", "0003 090F", "0003 108F", "0003 10CB", "FE00 110B"]


def test_no_card_and_two_cards_are_said() -> None:
    assert recorded() == NoCard()
    assert recorded(StandardCard(transit_card()), bench_card()) == TwoCards()


class Leaving(FieldPort):
    """The card is taken away at the n-th exchange, or its answers are spoilt from there on."""

    def __init__(
        self, card: CardModel, place: int, spoil: Callable[[bytes], bytes | CardLost | ReaderFault] | None = None
    ) -> None:
        super().__init__(at(card))
        self.exchanges, self._place, self._spoil = 0, place, spoil

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        self.exchanges += 1
        if self.exchanges < self._place:
            return super().transceive(frame, timeout_s)
        if self._spoil is None:
            self._field.lift()
            return CardLost()
        answer = super().transceive(frame, timeout_s)
        return self._spoil(answer) if isinstance(answer, bytes) else answer


def exchanges_of(card: StandardCard | FelicaCard) -> int:
    port = Leaving(card, 10_000)
    assert isinstance(record(port, 0.0, lambda _what: None), CardImage)
    return port.exchanges


@pytest.mark.parametrize("card", [lambda: StandardCard(transit_card()), bench_card], ids=["transit", "bench"])
def test_a_card_taken_away_at_any_exchange_is_never_recorded_by_half(
    card: Callable[[], StandardCard | FelicaCard],
) -> None:
    for place in range(1, exchanges_of(card()) + 1):
        port = Leaving(card(), place)
        assert record(port, 0.0, lambda _what: None) == CardLost(), place


@pytest.mark.parametrize("card", [lambda: StandardCard(transit_card()), bench_card], ids=["transit", "bench"])
def test_a_card_swapped_for_another_at_any_exchange_is_noticed_by_its_idm(
    card: Callable[[], StandardCard | FelicaCard],
) -> None:
    class Swapping(FieldPort):
        exchanges = 0

        def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
            self.exchanges += 1
            if self.exchanges == place:
                image = card().image
                self._field.lay(type(card())(image._replace(idm=image.idm[:-1] + b"\x77"), *key))
            return super().transceive(frame, timeout_s)

    key = () if isinstance(card(), StandardCard) else (bytes(16),)
    for place in range(1, exchanges_of(card()) + 1):
        assert record(Swapping(at(card())), 0.0, lambda _what: None) == CardLost(), place


@pytest.mark.parametrize("place", range(1, 8))
def test_a_list_of_services_that_breaks_off_is_a_card_lost(place: int) -> None:
    """The card stays and answers polls; only the answers to one search are lost."""

    class Losing(FieldPort):
        def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
            is_lost = frame[1] == 0x0A and frame[10:] == place.to_bytes(2, "little")
            return CardLost() if is_lost else super().transceive(frame, timeout_s)

    assert record(Losing(at(StandardCard(transit_card()))), 0.0, lambda _what: None) == CardLost()


@pytest.mark.parametrize("body", [b"", b"\x0f", b"\x0f\x09\x00", b"\x0f\x09\x00\x00\x00"])
def test_a_search_answered_with_neither_a_service_nor_an_area_is_a_card_lost(body: bytes) -> None:
    answer = bytes((10 + len(body), 0x0B)) + transit_card().idm + body
    port = Leaving(StandardCard(transit_card()), 2, lambda _answer: answer)
    assert record(port, 0.0, lambda _what: None) == CardLost()


@pytest.mark.parametrize("good_polls", [1, 2])  # then the one after the search for systems, or that selects a system
@pytest.mark.parametrize("outcome", [ReaderFault("cards", "unplugged"), TwoCards()])
def test_what_a_poll_comes_to_after_silence_is_said_as_it_is(outcome: PollOutcome, good_polls: int) -> None:
    class Silent(FieldPort):
        polls = 0

        def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
            self.polls += 1
            return super().poll(system_codes) if self.polls <= good_polls else outcome

        def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
            return CardLost()

    assert record(Silent(at(bench_card())), 0.0, lambda _what: None) == outcome


def test_a_reader_that_fails_is_said() -> None:
    fault = ReaderFault("cards", "unplugged")
    port = Leaving(StandardCard(transit_card()), 3, lambda _answer: fault)
    assert record(port, 0.0, lambda _what: None) == fault


def test_an_answer_lost_now_and_then_is_asked_for_again() -> None:
    class Slipping(FieldPort):
        turn = 0

        def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
            self.turn += 1
            return CardLost() if self.turn % 2 else super().transceive(frame, timeout_s)

    port = Slipping(at(StandardCard(transit_card())))
    assert record(port, 0.0, lambda _what: None) == transit_card()


@pytest.mark.parametrize(
    "spoil",
    [lambda answer: answer[:-1], lambda answer: answer + b"\x00", lambda _: b"", lambda answer: bytes(len(answer))],
    ids=["short", "long", "empty", "zeros"],
)
def test_answers_that_are_not_whole_are_a_card_lost(spoil: Callable[[bytes], bytes]) -> None:
    port = Leaving(bench_card(), 1, spoil)
    assert record(port, 0.0, lambda _what: None) == CardLost()


def test_a_card_that_claims_without_end_is_bounded() -> None:
    class Endless:
        """Any service it is asked about exists, and every block of it."""

        image = transit_card()
        commands = 0

        def power_off(self) -> None:
            """It forgets nothing."""

        def process(self, frame: bytes) -> bytes | None:
            self.commands += 1
            idm = frame[2:10]
            if frame[1] == 0x00:
                return b"\x12\x01" + bytes(16)
            body = {0x0C: b"\x01\x00\x03", 0x0A: b"\x0f\x09"}.get(frame[1], b"")
            if frame[1] == 0x06:
                body = b"\x00\x00" + frame[13:14] + bytes(16 * frame[13])
            return bytes((len(body) + 10, frame[1] + 1)) + idm + body

    card = Endless()
    image = recorded(card)
    assert isinstance(image, CardImage)
    assert len(image.systems[0x0003][0x090F]) < 600
    assert card.commands < 100_000


def test_the_keys_of_a_bench_card_are_not_asked_for() -> None:
    image = bench_image()
    seen = recorded(FelicaCard(image, bench_keys().card_key(BENCH_IDM)))
    assert isinstance(seen, CardImage)
    assert 0x87 not in seen.systems[0x88B4][0x0009]
