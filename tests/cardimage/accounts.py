"""Accounts within the card's ranges, for the property tests: of each operator's card, in each layout; and shadows."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from cardimage.layout.history import HistoryRow
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)

FIRST, LAST = date(2016, 1, 1), date(2038, 6, 4)
FIRST_OF_2, LAST_OF_2 = date(2026, 1, 1), date(2048, 6, 4)
IDM = bytes.fromhex("01 2E 4C D1 A0 B3 57 96")

SCHEMES = ("lococa", "iwate-green-pass", "noruca", "aizu-noruca")
FOREIGN = ("suica", "monorail-suica", "rinkai-suica", "pasmo", "kitaca", "manaca", "toica", "pitapa", "icoca", "sugoca")

yen = st.integers(0, 32_767)
stops = st.integers(1, 65_535)
ridden = st.sampled_from((RideState.OPEN, RideState.CLOSED))
sections = st.builds(Section, stops, stops, st.booleans(), st.integers(0, 511).map(lambda tens: tens * 10))
auto_charges = st.builds(
    AutoCharge,
    st.integers(0, 127).map(lambda hundreds: hundreds * 100),
    st.integers(0, 15).map(lambda thousands: thousands * 1_000),
    st.integers(0, 127).map(lambda thousands: thousands * 1_000),
    st.integers(0, 127).map(lambda thousands: thousands * 1_000),
)
_thousands = st.integers(0, 127).map(lambda thousands: thousands * 1_000)
_coupon_yen = st.integers(0, 2_047).map(lambda tens: tens * 10)
coupons = st.builds(Coupons, _coupon_yen, _coupon_yen, _coupon_yen)

old_days, new_days = st.dates(FIRST, LAST), st.dates(FIRST_OF_2, LAST_OF_2)
days = old_days | new_days


def _passes(days: st.SearchStrategy[date]) -> st.SearchStrategy[Pass]:
    return st.builds(
        Pass,
        st.integers(0, 63),
        st.integers(0, 3),
        days,
        days,
        st.booleans(),
        st.lists(sections, max_size=3).map(tuple),
        st.integers(0, 255),
        st.integers(0, 255),
    )


def _marks(days: st.SearchStrategy[date], companies: int) -> st.SearchStrategy[RideMark]:
    return st.builds(RideMark, ridden, days, st.integers(0, 65_535), st.integers(0, 255), st.integers(0, companies - 1))


def accounts_of(scheme: str, days: st.SearchStrategy[date]) -> st.SearchStrategy[Account]:
    """Accounts of one scheme, all their days drawn from `days`."""
    own: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "lococa": {},
        "iwate-green-pass": {"points": st.none() | st.builds(Points, yen, days), "welfare_points": yen},
        "noruca": {"coupons": st.none() | coupons, "stored_fare_yen": st.just(0)},
        "aizu-noruca": {"auto_charged": st.none() | st.builds(AutoCharged, days, _thousands, _thousands)},
    }
    fields: dict[str, st.SearchStrategy[Any]] = {
        "stored_fare_yen": yen,
        "holder": st.sampled_from(HolderKind),
        "named": st.booleans(),
        "expires": st.none() | days,
        "ride": st.none() | _marks(days, companies=2 if scheme == "lococa" else 1),
        "held_pass": st.none() | _passes(days),
        "auto_charge": st.none() | auto_charges,
        "directive": st.integers(0, 65_535),
    }
    nothing: dict[str, st.SearchStrategy[Any]] = {
        "auto_charged": st.none(),
        "coupons": st.none(),
        "points": st.none(),
        "welfare_points": st.just(0),
    }
    return st.fixed_dictionaries(fields | nothing | own[scheme]).map(lambda values: Account(scheme, **values))


def accounts_in(days: st.SearchStrategy[date]) -> st.SearchStrategy[Account]:
    """Accounts of any of the four operators' cards."""
    return st.sampled_from(SCHEMES).flatmap(lambda scheme: accounts_of(scheme, days))


def two_of_one_scheme(days: st.SearchStrategy[date]) -> st.SearchStrategy[tuple[Account, Account]]:
    """Two accounts that one card may hold, one after the other."""
    return st.sampled_from(SCHEMES).flatmap(lambda scheme: st.tuples(*[accounts_of(scheme, days)] * 2))


lococa_accounts = accounts_of("lococa", old_days) | accounts_of("lococa", new_days)
accounts = accounts_in(old_days) | accounts_in(new_days)
shadow_accounts = st.tuples(st.sampled_from(FOREIGN), yen, st.none() | _marks(old_days, companies=4)).map(
    lambda drawn: Account(drawn[0], drawn[1], ride=drawn[2])
)


def _marked(row: HistoryRow) -> st.SearchStrategy[HistoryRow]:
    """A row as it is, as a ride's with the mark of whoever wrote it, or as a top-up's."""
    added = row._replace(trip_number=0, boarded=0, alighted=0, top_up=True)
    return st.one_of(
        st.just(row),
        st.integers(1, 0x7FFF).map(lambda mark: row._replace(cash_yen=0, mark=mark)),
        st.integers(1, 0x7FFF).map(lambda mark: row._replace(cash_yen=row.due_yen, mark=mark)),
        st.integers(0, 0xFFFF_FFFF).map(lambda mark: added._replace(mark=mark)),
    )


history_rows = st.builds(
    HistoryRow,
    st.integers(0, 255),
    days,
    st.integers(0, 65_535),
    st.integers(0, 255),
    st.integers(0, 255),
    yen,
    yen,
    st.integers(0, 15).map(lambda thousands: thousands * 1_000),
    yen,
    st.booleans(),
    st.just(False),
    st.just(0),
).flatmap(_marked)
