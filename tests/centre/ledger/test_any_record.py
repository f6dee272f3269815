"""Whatever a terminal's record says, its booking is balanced: what contradicts itself stands in suspense, and the
segments behind it are not held up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre.ledger.from_journal import Place, left_over_yen, tap_booking
from farebox.formats.journal import Action, Intent
from tests.centre.ledger.journals import HASH

yen = st.integers(0, 20_000)
ACTIONS: tuple[Action, ...] = ("board", "alight", "top-up", "cancel")
intents = st.builds(
    Intent,
    idm=st.just(bytes(8)),
    action=st.sampled_from(ACTIONS),
    stop_index=st.just(0),
    slot_before=st.just(bytes(16)),
    slot_after=st.just(bytes(16)),
    write_counter=st.just(1),
    sf_before_yen=yen,
    sf_after_yen=yen,
    due_yen=yen,
    cash_yen=yen,
    auto_charge_yen=yen,
    lines=st.just(()),
    rulebook_hash=st.just(HASH),
    purses=st.one_of(st.just(()), st.builds(lambda before, after: (("eco", before, after),), yen, yen)),
    points_earned=yen,
    points_lapsed=yen,
    note_yen=yen,
    premium_yen=yen,
)


@given(intents, st.sampled_from(["lococa/0", "lococa/1"]))
def test_ctr_4_every_records_booking_is_balanced_in_each_companys_books(intent: Intent, company: str) -> None:
    made = tap_booking("k", 0, intent, "lococa", Place(company, "BUS-1", "route-1"))  # raises where it is not
    assert sum(posting.yen for posting in made.postings if posting.account.kind == "suspense") == left_over_yen(intent)


@pytest.mark.parametrize("amount", ["note_yen", "premium_yen"])
def test_gen_22_a_cancelling_takes_back_all_that_its_record_names(amount: str) -> None:
    plain = Intent(bytes(8), "top-up", 0, bytes(16), bytes(16), 1, 0, 1_000, 0, 0, 0, (), HASH)
    first = plain._replace(**{amount: 1_000})  # type: ignore[arg-type]  # a whole number each
    back = first._replace(action="cancel", sf_before_yen=1_000, sf_after_yen=0)
    place = Place("lococa/1", "BUS-1")
    there, again = (dict(_sides(tap_booking("k", 0, one, "lococa", place))) for one in (first, back))
    assert again == {account: -yen for account, yen in there.items()}


def _sides(made: object) -> list[tuple[str, int]]:
    return [(str(posting.account), posting.yen) for posting in made.postings]  # type: ignore[attr-defined]
