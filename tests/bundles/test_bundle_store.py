"""The bundles on the bus: the last good one of each kind stays, whatever comes after it (CTR-3, faults 28)."""

import errno
import os
from importlib.resources import files
from pathlib import Path

import pytest

from farebox.bundles import MOST_SIGNED_BYTES, BundleStore, Loaded, Rejected, Why, operators_of
from farebox.formats.bundle import Bundle, Hotlist, Kind, OperatorText, cards_of, encode
from farebox.terms import NO_ORDERS, Orders
from tariff.operator_file import RulebookError
from tests.bundles.examples import FOR_TWO_CARDS, HOTLIST, IDM, MADE_AT_S, signed, tariff, verify
from tests.bundles.test_bundle_format import FAULTY_DIRECTIVES

LOCOCA = (files("tariff") / "operators" / "lococa" / "2016-01-01.toml").read_bytes()
NEWER = HOTLIST._replace(version=5, refused=cards_of([]))


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "bundles", verify)


def why(taken: object) -> Why:
    assert isinstance(taken, Rejected)
    return taken.why


def names(store: BundleStore) -> set[str]:
    return {path.name for path in store._folder.iterdir()}


def test_ctr_3_what_was_taken_is_there_after_a_restart(store: BundleStore, tmp_path: Path) -> None:
    sent: dict[Kind, Bundle] = {Kind.HOTLIST: HOTLIST, Kind.DIRECTIVES: FOR_TWO_CARDS, Kind.TARIFF: tariff(2, LOCOCA)}
    for kind, bundle in sent.items():
        assert store.take(kind, signed(bundle)) == bundle
    again = BundleStore(tmp_path / "bundles", verify)
    assert again.orders() == Orders(HOTLIST, FOR_TWO_CARDS)
    assert again.load(Kind.TARIFF).bundle == tariff(2, LOCOCA)


def test_a_terminal_that_got_nothing_yet_has_nothing(store: BundleStore) -> None:
    assert store.load(Kind.HOTLIST) == Loaded(None)
    assert store.orders() == NO_ORDERS


REJECTED: dict[str, tuple[bytes, Why]] = {
    "without a signature": (encode(NEWER), Why.BAD_SIGNATURE),
    "with a bad one": (b"forged! " + encode(NEWER), Why.BAD_SIGNATURE),
    "nothing": (b"", Why.BAD_SIGNATURE),
    "broken": (signed(NEWER)[:-1], Why.BROKEN),
    "older": (signed(HOTLIST._replace(version=3)), Why.OLDER),
    "the same version with other cards": (signed(NEWER._replace(version=4)), Why.OLDER),
    "of another kind": (signed(FOR_TWO_CARDS), Why.OTHER_KIND),
    "too long": (bytes(MOST_SIGNED_BYTES + 1), Why.TOO_LONG),
}


@pytest.mark.parametrize("name", REJECTED)
def test_faults_28_a_bad_bundle_is_not_taken_and_the_last_good_one_stays(store: BundleStore, name: str) -> None:
    data, reason = REJECTED[name]
    store.take(Kind.HOTLIST, signed(HOTLIST))
    before = names(store)
    taken = store.take(Kind.HOTLIST, data)
    assert why(taken) is reason and isinstance(taken, Rejected) and taken.detail
    assert store.load(Kind.HOTLIST) == Loaded(HOTLIST)
    assert names(store) == before


def test_faults_28_directives_that_are_broken_inside_are_not_taken(store: BundleStore) -> None:
    assert why(store.take(Kind.DIRECTIVES, b"signed! " + FAULTY_DIRECTIVES["number 0"])) is Why.BROKEN
    assert store.load(Kind.DIRECTIVES) == Loaded(None)


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff", b"not toml", LOCOCA.replace(b"cap_yen = 20", b"cap_yen = -20"), LOCOCA.replace(b'"lococa"', b'"x"')],
)
def test_faults_28_a_tariff_that_can_not_be_read_is_not_taken(store: BundleStore, text: bytes) -> None:
    good = tariff(2, LOCOCA)
    assert store.take(Kind.TARIFF, signed(good)) == good
    assert why(store.take(Kind.TARIFF, signed(tariff(3, text)))) is Why.BROKEN
    assert store.load(Kind.TARIFF) == Loaded(good)


def test_faults_28_a_tariff_without_any_file_is_not_taken(store: BundleStore) -> None:
    assert why(store.take(Kind.TARIFF, signed(tariff()._replace(files=())))) is Why.BROKEN


def test_a_tariff_gives_the_operators_of_its_files() -> None:
    (rulebook,) = operators_of(tariff(1, LOCOCA)).rulebooks
    assert (rulebook.scheme, rulebook.effective.isoformat()) == ("lococa", "2016-01-01")
    misplaced = tariff()._replace(files=(OperatorText("noruca", rulebook.effective, LOCOCA),))
    with pytest.raises(RulebookError, match="folder noruca"):
        operators_of(misplaced)


def test_the_one_that_is_there_may_come_again(store: BundleStore) -> None:
    store.take(Kind.HOTLIST, signed(HOTLIST))
    assert store.take(Kind.HOTLIST, signed(HOTLIST)) == HOTLIST


def test_a_newer_one_takes_its_place(store: BundleStore) -> None:
    store.take(Kind.HOTLIST, signed(HOTLIST))
    assert store.take(Kind.HOTLIST, signed(NEWER)) == NEWER
    assert store.load(Kind.HOTLIST) == Loaded(NEWER)


def test_faults_22_a_file_that_rots_leaves_the_one_before_it(store: BundleStore, tmp_path: Path) -> None:
    store.take(Kind.HOTLIST, signed(HOTLIST))
    store.take(Kind.HOTLIST, signed(NEWER))
    file = tmp_path / "bundles" / "hotlist.bundle"
    file.write_bytes(file.read_bytes()[:-1])
    loaded = store.load(Kind.HOTLIST)
    assert loaded.bundle == HOTLIST
    (rejected,) = loaded.rejected
    assert rejected.why is Why.BROKEN and str(file) in rejected.detail
    # And what is good is not pushed out by what is not.
    newest = NEWER._replace(version=6)
    assert store.take(Kind.HOTLIST, signed(newest)) == newest
    file.write_bytes(b"")
    assert store.load(Kind.HOTLIST).bundle == HOTLIST


def test_a_file_that_can_not_be_read_is_named(store: BundleStore, tmp_path: Path) -> None:
    (tmp_path / "bundles" / "hotlist.bundle").mkdir(parents=True)
    loaded = store.load(Kind.HOTLIST)
    assert loaded.bundle is None and "hotlist.bundle" in loaded.rejected[0].detail


class Stopped(BaseException):
    """The power goes."""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize("call", range(4))
def test_faults_18_power_lost_while_a_bundle_is_kept_leaves_one_that_is_good(
    store: BundleStore, monkeypatch: pytest.MonkeyPatch, moment: str, call: int
) -> None:
    """At every call that the disk could be left at; names are in place once they are made, or not at all."""
    store.take(Kind.HOTLIST, signed(HOTLIST))
    calls = 0

    def stopping(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls > call:
            raise Stopped
        real(*arguments)

    owner: object = os if moment == "fsync" else Path
    real = getattr(owner, moment)
    with monkeypatch.context() as patch:
        patch.setattr(owner, moment, stopping)
        try:
            store.take(Kind.HOTLIST, signed(NEWER))
        except Stopped:
            assert calls == call + 1
    assert store.load(Kind.HOTLIST).bundle in (HOTLIST, NEWER)
    assert store.take(Kind.HOTLIST, signed(NEWER)) == NEWER
    assert store.load(Kind.HOTLIST) == Loaded(NEWER)


def test_faults_18_a_bundle_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_is_taken(
    store: BundleStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.take(Kind.HOTLIST, signed(HOTLIST))
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def syncing(fd: int) -> None:
        done.append(f"flush {Path(f'/proc/self/fd/{fd}').readlink().name}")
        fsync(fd)

    def renaming(path: Path, to: Path) -> Path:
        done.append(f"{path.name} -> {to.name}")
        return replace(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", syncing)
        patch.setattr(Path, "replace", renaming)
        store.take(Kind.HOTLIST, signed(NEWER))
    assert done == [
        "flush hotlist.bundle.coming",
        "hotlist.bundle -> hotlist.bundle.before",
        "hotlist.bundle.coming -> hotlist.bundle",
        "flush bundles",
    ]
    assert names(store) == {"hotlist.bundle", "hotlist.bundle.before"}


def test_faults_21_a_disk_that_is_full_keeps_the_one_it_has(
    store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store.take(Kind.HOTLIST, signed(HOTLIST))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert why(store.take(Kind.HOTLIST, signed(NEWER))) is Why.NOT_KEPT
    assert store.load(Kind.HOTLIST) == Loaded(HOTLIST)


def test_the_signature_is_asked_first(tmp_path: Path) -> None:
    """What a stranger sent is never read."""
    asked: list[bytes] = []

    def refuse(data: bytes) -> bytes:
        asked.append(data)
        raise ValueError("a stranger's")

    assert why(BundleStore(tmp_path, refuse).take(Kind.HOTLIST, b"\xff" * 99)) is Why.BAD_SIGNATURE
    assert asked == [b"\xff" * 99]


def test_an_empty_list_is_a_list(store: BundleStore) -> None:
    """Nobody stopped is news too: it has an age, and is newer than what was there."""
    empty = Hotlist(9, MADE_AT_S, cards_of([]), cards_of([]))
    assert store.take(Kind.HOTLIST, signed(empty)) == empty
    assert store.orders().refuses(IDM) is None
