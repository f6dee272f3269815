"""Paper coupons at the fare box, taken together with cash (AZF-10 to AZF-14).

Books no longer sold are still taken; coupons beyond the fare give no change [D]. Ecomy, the book of rides in one
section (`CouponBook.rides`), pays a rider's whole fare with each ticket; the others pay their face, and at times cash
on top.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.calendar import period_end
from tariff.refusal import Code, Refusal
from tariff.rulebook import CouponBook, Rulebook

_DAY_S = 86_400


class Tickets(NamedTuple):
    """Tickets of one book and face, as the rider hands them over; `number` is 1 or more.

    `face_yen` means nothing for a book of rides in one section; `in_section` is what the driver reads off its ticket:
    whether the ride lies within that section. `issued` is the day on the cover, for books that expire.
    """

    book: str
    face_yen: int
    number: int
    issued: date | None = None
    in_section: bool = True


class CouponRide(NamedTuple):
    """When a ride is (GEN-5): its day, and when it ends by the timetable and in fact, as seconds of the day."""

    day: date
    scheduled_s: int
    actual_s: int


class CouponWord(StrEnum):
    """What a line of a coupon payment is about."""

    FACE = "coupon-face"
    RIDE = "coupon-ride"
    LOST = "coupon-lost"
    SURCHARGE = "coupon-surcharge"
    CASH = "cash"


class CouponLine(NamedTuple):
    """One reason or part of a payment, in whole yen; `book` and `tickets` are blank and 0 for cash and what is lost."""

    rule: str
    word: CouponWord
    yen: int
    book: str = ""
    tickets: int = 0


class CouponPayment(NamedTuple):
    """How a ride is paid: due_yen + surcharge_yen == face_yen - lost_yen + cash_yen, always.

    due_yen         what the riders owe
    face_yen        what the coupons are worth, each section ticket the fare that it pays
    lost_yen        how much of it lies beyond the fare; no change is given
    surcharge_yen   cash on top, because some coupons are used outside their hours or days
    cash_yen        all that is to be paid in cash
    """

    due_yen: int
    face_yen: int
    lost_yen: int
    surcharge_yen: int
    cash_yen: int
    lines: tuple[CouponLine, ...]


def pay_with_coupons(
    fares_yen: tuple[int, ...], tickets: tuple[Tickets, ...], ride: CouponRide, rulebook: Rulebook
) -> CouponPayment | Refusal:
    """Pay a ride with coupons and cash (AZF-10); `fares_yen` is what each rider owes, those who ride free left out.

    Section tickets pay the dearest fares first [D]. A ticket that is not taken so refuses them all: COUPON_REFUSED for
    a book or face that does not exist, more tickets than riders may use, another section, or a validity that is over.
    ValueError for a number below 1 or a negative fare.
    """
    if any(group.number < 1 for group in tickets) or any(fare_yen < 0 for fare_yen in fares_yen):
        raise ValueError(f"coupons {tickets} for fares {fares_yen}")
    groups = []
    for group in tickets:
        book = _book(group.book, rulebook)
        if isinstance(book, Refusal):
            return book
        refusal = _unfit(book, group, ride)
        if refusal:
            return refusal
        groups.append((book, group))
    return _too_many(groups, len(fares_yen)) or _paid(fares_yen, groups, ride)


def book_price(name: str, section_fare_yen: int, rulebook: Rulebook) -> int | Refusal:
    """What a book costs; `section_fare_yen` matters to a book of rides in one section only (AZF-13).

    COUPON_REFUSED for a book that does not exist, NOT_SOLD where its sale has ended (AZF-10).
    """
    book = _book(name, rulebook)
    if isinstance(book, Refusal):
        return book
    return _price(book, section_fare_yen) if book.sold else Refusal(Code.NOT_SOLD, book.rule, book.title)


def refund_book(
    name: str, used: tuple[tuple[int, int], ...], section_fare_yen: int, rulebook: Rulebook
) -> int | Refusal:
    """What is paid back for a book, 0 or more: price - faces of the tickets used - fee (AZF-14).

    `used` is (face in yen, tickets), those torn off the cover counted as used; for a book of rides in one section the
    face is its fare. Books no longer sold are taken back too. Refusals: COUPON_REFUSED for a book, face or number of
    tickets that does not exist, NOT_CONFIGURED without a fee or a price.
    """
    book = _book(name, rulebook)
    if isinstance(book, Refusal):
        return book
    fee_yen, price_yen = rulebook.counter.coupon_refund_fee_yen, _price(book, section_fare_yen)
    if fee_yen is None:
        return Refusal(Code.NOT_CONFIGURED, "AZF-14", "counter.coupon_refund_fee_yen")
    if isinstance(price_yen, Refusal):
        return price_yen
    held = dict(_held(book, section_fare_yen))
    gone: dict[int, int] = {}
    for face_yen, count in used:
        gone[face_yen] = gone.get(face_yen, 0) + count
    for face_yen, count in gone.items():
        if not 0 <= count <= held.get(face_yen, 0):
            detail = f"{book.title}: {count} of {held.get(face_yen, 0)} tickets of {face_yen} yen used"
            return Refusal(Code.COUPON_REFUSED, "AZF-14", detail)
    return max(0, price_yen - sum(face_yen * count for face_yen, count in gone.items()) - fee_yen)


def _book(name: str, rulebook: Rulebook) -> CouponBook | Refusal:
    found = next((book for book in rulebook.coupon_books if book.name == name), None)
    return found or Refusal(Code.COUPON_REFUSED, "AZF-10", f"no book {name}")


def _price(book: CouponBook, section_fare_yen: int) -> int | Refusal:
    if book.rides:
        return book.fares_for_price * section_fare_yen
    if book.price_yen is None:
        return Refusal(Code.NOT_CONFIGURED, book.rule, f"{book.title}: price_yen")
    return book.price_yen


def _held(book: CouponBook, section_fare_yen: int) -> tuple[tuple[int, int], ...]:
    """(face in yen, tickets) of a whole book."""
    return ((section_fare_yen, book.rides),) if book.rides else book.tickets


# -- whether tickets are taken


def _unfit(book: CouponBook, group: Tickets, ride: CouponRide) -> Refusal | None:
    """Why these tickets can't be used on this ride at all; None if they can."""
    problem = None
    if book.rides and not group.in_section:
        problem = "not its section"
    elif not book.rides and group.face_yen not in dict(book.tickets):
        problem = f"no ticket of {group.face_yen} yen"
    elif book.valid_months is not None:
        problem = _invalid(book.valid_months, group.issued, ride.day)
    return Refusal(Code.COUPON_REFUSED, book.rule, f"{book.title}: {problem}") if problem else None


def _invalid(months: int, issued: date | None, day: date) -> str | None:
    if issued is None:
        return "no day of issue"
    last_day = period_end(issued, months)
    return None if issued <= day <= last_day else f"valid from {issued} to {last_day}"


def _too_many(groups: list[tuple[CouponBook, Tickets]], riders: int) -> Refusal | None:
    """AZF-11: at most so many tickets a person a ride. A section ticket pays a person's whole ride (AZF-13)."""
    for book, _ in groups:
        if book.rides:
            most, alike = riders, [group for other, group in groups if other.rides]
        elif book.most_per_rider is not None:
            most, alike = book.most_per_rider * riders, [group for other, group in groups if other == book]
        else:
            continue
        number = sum(group.number for group in alike)
        if number > most:
            return Refusal(Code.COUPON_REFUSED, book.rule, f"{book.title}: {number} tickets, at most {most}")
    return None


# -- what they pay


def _paid(fares_yen: tuple[int, ...], groups: list[tuple[CouponBook, Tickets]], ride: CouponRide) -> CouponPayment:
    lines = []
    dearest = sorted(fares_yen, reverse=True)
    for book, group in groups:
        if book.rides:
            pays, dearest = dearest[: group.number], dearest[group.number :]
            lines.append(CouponLine(book.rule, CouponWord.RIDE, sum(pays), book.name, group.number))
        else:
            face_yen = group.face_yen * group.number
            lines.append(CouponLine(book.rule, CouponWord.FACE, face_yen, book.name, group.number))
            on_top_yen = 0 if _at_face(book, ride) else _surcharge_yen(book, group)
            if on_top_yen:
                lines.append(CouponLine(book.rule, CouponWord.SURCHARGE, on_top_yen, book.name, group.number))
    due_yen, surcharge_yen = sum(fares_yen), _sum(lines, CouponWord.SURCHARGE)
    face_yen = _sum(lines, CouponWord.FACE) + _sum(lines, CouponWord.RIDE)
    # What section tickets leave over is what the faces may pay, so a ride's fare is never lost.
    lost_yen = max(0, face_yen - due_yen)
    cash_yen = due_yen - (face_yen - lost_yen) + surcharge_yen
    if lost_yen:
        lines.append(CouponLine("AZF-10", CouponWord.LOST, lost_yen))
    if cash_yen:
        lines.append(CouponLine("AZF-10", CouponWord.CASH, cash_yen))
    return CouponPayment(due_yen, face_yen, lost_yen, surcharge_yen, cash_yen, tuple(lines))


def _sum(lines: list[CouponLine], word: CouponWord) -> int:
    return sum(line.yen for line in lines if line.word is word)


def _at_face(book: CouponBook, ride: CouponRide) -> bool:
    """Whether tickets need no cash on top: by either time that the ride ends (AZF-11), and by its day (AZF-12)."""
    on_its_day = not book.days or ride.day.day in book.days
    if book.hours_s is None:
        return on_its_day
    first_s, last_s = book.hours_s
    return on_its_day and any(first_s <= at_s % _DAY_S <= last_s for at_s in (ride.scheduled_s, ride.actual_s))


def _surcharge_yen(book: CouponBook, group: Tickets) -> int:
    """Cash on top: for each ticket (AZF-11), or for so many yen of its face (AZF-12)."""
    units = group.face_yen // book.surcharge_per_yen if book.surcharge_per_yen else 1
    return group.number * units * book.surcharge_yen
