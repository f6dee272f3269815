import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardimage import lite_s
from tests.cardimage import peer

keys = st.binary(min_size=16, max_size=16)
blocks_of_data = st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=3)


def test_both_halves_are_reversed_each_for_itself() -> None:
    assert lite_s.swap_halves(bytes(range(16))) == bytes.fromhex("07 06 05 04 03 02 01 00 0F 0E 0D 0C 0B 0A 09 08")


@given(st.binary(min_size=16, max_size=16))
def test_reversing_twice_changes_nothing(data: bytes) -> None:
    assert lite_s.swap_halves(lite_s.swap_halves(data)) == data


@given(keys, keys)
@example(peer.FACTORY_KEY, bytes(range(16)))
@example(b"12345678" * 2, bytes(range(16)))
def test_the_session_key_is_the_peers(card_key: bytes, challenge: bytes) -> None:
    ours = lite_s.session_key(card_key, challenge)
    assert ours == (peer.session_key(card_key, challenge), challenge[:8])


@given(keys, keys, blocks_of_data, st.data())
@example(peer.FACTORY_KEY, bytes(16), [bytes(16)], None)
def test_the_mac_of_a_read_is_the_peers(
    card_key: bytes, challenge: bytes, parts: list[bytes], draw: st.DataObject | None
) -> None:
    numbers = (
        (0,)
        if draw is None
        else tuple(draw.draw(st.lists(st.integers(0, 0xA0), min_size=len(parts), max_size=len(parts))))
    )
    data = b"".join(parts)
    ours = lite_s.read_mac(lite_s.session_key(card_key, challenge), numbers, data)
    assert ours == peer.read_mac(card_key, challenge, numbers, data)


@given(keys, keys, st.binary(min_size=16, max_size=16), st.integers(0, 0xFFFFFF), st.integers(0, 0xFF))
@example(peer.FACTORY_KEY, bytes(16), bytes(16), 0xFFFDFF, 1)
def test_the_mac_of_a_write_is_the_peers(
    card_key: bytes, challenge: bytes, data: bytes, count: int, block: int
) -> None:
    ours = lite_s.write_mac(lite_s.session_key(card_key, challenge), count, block, data)
    assert ours == peer.write_mac(card_key, challenge, count, block, data)


@given(keys, keys, blocks_of_data)
def test_the_older_mac_is_the_peers(card_key: bytes, challenge: bytes, parts: list[bytes]) -> None:
    data = b"".join(parts)
    ours = lite_s.read_mac_of_data(lite_s.session_key(card_key, challenge), data)
    assert ours == peer.mac(peer.session_key(card_key, challenge), challenge, data)


def test_a_read_of_other_blocks_with_the_same_data_has_another_mac() -> None:
    session = lite_s.session_key(bytes(range(16)), bytes(range(16)))
    assert lite_s.read_mac(session, (5, 6), bytes(32)) != lite_s.read_mac(session, (6, 5), bytes(32))
    assert lite_s.read_mac_of_data(session, bytes(32)) == lite_s.read_mac_of_data(session, bytes(32))


@pytest.mark.parametrize(("count", "block"), [(8, 1), (7, 0)])
def test_a_write_is_bound_to_its_count_and_its_block(count: int, block: int) -> None:
    session = lite_s.session_key(bytes(range(16)), bytes(range(16)))
    assert lite_s.write_mac(session, 7, 1, bytes(16)) != lite_s.write_mac(session, count, block, bytes(16))


def test_macs_are_compared() -> None:
    assert lite_s.same(b"12345678", b"12345678")
    assert not lite_s.same(b"12345678", b"12345679")
    assert not lite_s.same(b"12345678", b"1234567")
