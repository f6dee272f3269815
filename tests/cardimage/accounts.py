"""Accounts within the card's ranges, for the property tests."""

from datetime import date

from hypothesis import strategies as st

from cardimage.purse import HistoryRow
from tariff.account import Account, AutoCharge, AutoCharged, HolderKind, Pass, RideMark, RideState, Section

FIRST, LAST = date(2016, 1, 1), date(2038, 6, 4)
IDM = bytes.fromhex("01 2E 4C D1 A0 B3 57 96")

days = st.dates(FIRST, LAST)
yen = st.integers(0, 32_767)
stops = st.integers(1, 65_535)
ridden = st.sampled_from((RideState.OPEN, RideState.CLOSED))
sections = st.builds(Section, stops, stops, st.booleans(), st.integers(0, 511).map(lambda tens: tens * 10))
passes = st.builds(
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
auto_charges = st.builds(
    AutoCharge,
    st.integers(0, 127).map(lambda hundreds: hundreds * 100),
    st.integers(0, 15).map(lambda thousands: thousands * 1_000),
    st.integers(0, 127).map(lambda thousands: thousands * 1_000),
    st.integers(0, 127).map(lambda thousands: thousands * 1_000),
)
auto_charged = st.builds(
    AutoCharged,
    days,
    st.integers(0, 127).map(lambda thousands: thousands * 1_000),
    st.integers(0, 127).map(lambda thousands: thousands * 1_000),
)


def _accounts(scheme: str, companies: int) -> st.SearchStrategy[Account]:
    marks = st.builds(
        RideMark, ridden, days, st.integers(0, 65_535), st.integers(0, 255), st.integers(0, companies - 1)
    )
    return st.builds(
        Account,
        st.just(scheme),
        yen,
        st.sampled_from(HolderKind),
        st.booleans(),
        st.none() | days,
        st.none() | marks,
        st.none() | passes,
        st.none() | auto_charges,
        st.none() | auto_charged if scheme == "aizu-noruca" else st.none(),
        coupons=st.none(),
        points=st.none(),
        welfare_points=st.just(0),
    )


lococa_accounts = _accounts("lococa", companies=2)
aizu_accounts = _accounts("aizu-noruca", companies=1)
accounts = lococa_accounts | aizu_accounts
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
)
