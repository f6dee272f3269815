from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.transit import codes
from cardimage.transit.codes import Name, process_name
from cardimage.transit.fields import Station, Trouble
from cardimage.transit.rows import Bus, Goods, Place, Rail, Row, Unread, decode_row
from tests.cardimage.transit.cards import DAY, NEVER_WRITTEN, packed_time, row

SURE_RAIL = sorted(
    code for code, name in codes.PROCESSES.items() if name.is_sure and code & 0x7F not in codes.BUS | codes.GOODS
)


def decoded(raw: bytes) -> Row:
    found = decode_row(raw)
    assert found is not None
    return found


def test_every_byte_of_a_row_is_read_from_its_place() -> None:
    raw = bytes.fromhex("16 01 3F 03 35 74 8B A5 8A A6 34 12 00 01 29 90")
    assert decoded(raw) == Row(
        raw=raw,
        terminal=0x16,
        process=0x01,
        payment=0x3F,
        entry_exit=0x03,
        day=date(2026, 11, 20),
        place=Rail(Station(0x8B, 0xA5), Station(0x8A, 0xA6)),
        balance_yen=0x1234,
        sequence=297,
        regions=(2, 1),
        troubles=(),
    )


@pytest.mark.parametrize("raw", NEVER_WRITTEN)
def test_a_row_never_written_is_no_use_of_the_card(raw: bytes) -> None:
    assert decode_row(raw) is None


def test_a_row_that_only_resembles_one_never_written_is_a_row() -> None:
    assert decode_row(bytes.fromhex("00000080000000000000000000000001")) is not None


@pytest.mark.parametrize("process", [0x0D, 0x0F, 0x1F, 0x23])
def test_a_bus_row_names_operator_and_stop_in_sixteen_bits_each(process: int) -> None:
    """Not in their low bytes alone, as some readers show them."""
    assert decoded(row(process=process, place=b"\x0e\x51\x01\x1f")).place == Bus(0x0E51, 0x011F)


@pytest.mark.parametrize("process", [0x46, 0x49, 0x4A, 0x4B, 0xC6, 0xCB])
def test_a_goods_row_names_time_and_terminal(process: int) -> None:
    sold = row(process=process, place=packed_time(time(23, 59, 58)) + b"\xde\x43")
    assert decoded(sold).place == Goods(time(23, 59, 58), 0xDE43)


@pytest.mark.parametrize("process", SURE_RAIL, ids=hex)
def test_any_other_known_row_names_stations(process: int) -> None:
    assert decoded(row(process=process)).place == Rail(Station(0x8B, 0xA5), Station(0x8A, 0xA6))


def test_a_top_up_has_no_station_to_leave_by() -> None:
    place = decoded(row(process=0x02, place=b"\x01\xcc\0\0")).place
    assert place == Rail(Station(0x01, 0xCC), None)
    assert isinstance(place, Rail) and str(place.entry) == "01-CC"


@pytest.mark.parametrize("place", [b"\1\0", b"\0\1"])
def test_a_station_may_have_a_number_of_zero(place: bytes) -> None:
    assert decoded(row(place=place + b"\0\0")).place == Rail(Station(place[0], place[1]), None)


@pytest.mark.parametrize("process", [0x2B, 0x00, 0x7F, 0xAB, 0x0C, 0x19, 0x1A, 0x1B], ids=hex)
def test_the_place_of_a_process_that_is_not_known_for_sure_stays_bytes(process: int) -> None:
    assert decoded(row(process=process, place=b"\1\2\3\4")).place == Unread(b"\1\2\3\4")


@pytest.mark.parametrize(
    ("plain", "place"),
    [(0x0F, Bus(0x0102, 0x0304)), (0x01, Rail(Station(1, 2), Station(3, 4))), (0x49, Goods(time(0, 8, 4), 0x0304))],
)
def test_the_bit_for_cash_changes_nothing_in_the_place(plain: int, place: Place) -> None:
    assert decoded(row(process=plain | 0x80, place=b"\1\2\3\4")).place == place


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (codes.TERMINALS[0x05], Name("車載端末", "on-board")),
        (codes.TERMINALS[0x22], Name("窓口・バス", "counter or bus", is_sure=False)),
        (codes.TERMINALS.get(0x2B), None),
        (process_name(0x1F), Name("バスチャージ", "bus top-up")),
        (process_name(0x0C), Name("バス", "bus", is_sure=False)),
        (process_name(0x2B), None),
        (process_name(0xAB), None),
        (process_name(0xC6), Name("物販(現金併用)", "goods with cash")),
        (process_name(0x84), Name("他社精算", "other operator")),
        (process_name(0x8F), Name("バス運賃・現金併用", "bus fare, with cash", is_sure=False)),
    ],
)
def test_a_code_has_its_name_or_none(name: Name | None, said: Name | None) -> None:
    assert name == said


def test_the_codes_that_are_known_are_those() -> None:
    """A name that is added or lost shows here."""
    assert "".join(f"{code:02X}" for code in sorted(codes.TERMINALS)) == (
        "03040507080912131415161718191A1B1C1D1F20212223243435364648C7C8C9CA"
    )
    assert "".join(f"{code:02X}" for code in sorted(codes.PROCESSES)) == (
        "01020304050607080C0D0F101113141517191A1B1D1F23334648494A4B8485C6CB"
    )
    assert "".join(f"{code:02X}" for code in sorted(codes.ENTRIES_AND_EXITS)) == "0001020304050E0F12171D21"
    doubtful = {
        code for table in (codes.TERMINALS, codes.PROCESSES) for code, name in table.items() if not name.is_sure
    }
    assert doubtful == {0x22, 0x34, 0x35, 0x0C, 0x19, 0x1A, 0x1B}


@pytest.mark.parametrize(
    ("raw", "troubles"),
    [
        (row()[:4] + b"\x35\xfe" + row()[6:], (Trouble.DAY,)),  # month 15
        (row()[:4] + b"\0\0" + row()[6:], (Trouble.DAY,)),
        (row(process=0x46, place=b"\xc0\0\0\1"), (Trouble.TIME,)),  # 24 o'clock
        (row(process=0x46, place=b"\x07\x80\0\1"), (Trouble.TIME,)),  # 60 minutes
        (row(process=0x46, place=b"\0\x1e\0\1"), (Trouble.TIME,)),  # 60 seconds
        (row()[:12] + b"\1" + row()[13:], (Trouble.RESERVED,)),
        (b"\xff" * 16, (Trouble.DAY, Trouble.RESERVED)),
    ],
)
def test_what_can_not_be_is_named_and_the_rest_still_read(raw: bytes, troubles: tuple[Trouble, ...]) -> None:
    found = decoded(raw)
    assert (found.troubles, found.raw, found.balance_yen) == (troubles, raw, int.from_bytes(raw[10:12], "little"))
    assert (found.day is None) is (Trouble.DAY in troubles)


@given(st.binary(min_size=16, max_size=16))
def test_any_sixteen_bytes_are_a_row_or_none(raw: bytes) -> None:
    found = decode_row(raw)
    assert found is None or found.raw == raw


@given(
    sequence=st.integers(0, 0xFFFF),
    balance_yen=st.integers(0, 0xFFFF),
    terminal=st.integers(0, 0xFF),
    process=st.integers(0, 0xFF),
    payment=st.integers(0, 0xFF),
    entry_exit=st.integers(0, 0xFF),
    day=st.dates(date(2000, 1, 1), date(2127, 12, 31)),
    regions=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_what_is_written_is_read(
    sequence: int,
    balance_yen: int,
    terminal: int,
    process: int,
    payment: int,
    entry_exit: int,
    day: date,
    regions: tuple[int, int],
) -> None:
    found = decoded(
        row(
            sequence,
            balance_yen,
            terminal=terminal,
            process=process,
            payment=payment,
            entry_exit=entry_exit,
            day=day,
            regions=regions,
        )
    )
    assert (found.sequence, found.balance_yen, found.day, found.regions) == (sequence, balance_yen, day, regions)
    assert (found.terminal, found.process, found.payment, found.entry_exit) == (terminal, process, payment, entry_exit)


@given(st.times(), st.integers(0, 0xFFFF))
def test_a_sales_time_is_read_to_two_seconds(at: time, terminal_id: int) -> None:
    sold = decoded(row(process=0x46, place=packed_time(at) + terminal_id.to_bytes(2, "big"), day=DAY))
    assert sold.place == Goods(time(at.hour, at.minute, at.second // 2 * 2), terminal_id)
