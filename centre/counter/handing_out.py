"""Which slips an operation comes with, and what stands on them (CTR-1). Pure: values in, sheets out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from centre.counter.operations.effects import HolderSet, KindSet, PassSold, Reported
from centre.counter.operations.prepared import NewIssue, Prepared
from centre.counter.operations.reissue import slip_window
from centre.counter.operations.values import HolderData, Operation, Report, ReportedWhy
from centre.counter.slips.passes import PassOnSlip, Person, pass_contents, reference_paper, section_text
from centre.counter.slips.receipt import Line, receipt
from centre.counter.slips.reissue import Reissuing, reissue_slip
from centre.counter.slips.sheet import Issued, Sheet
from centre.counter.words import LINES, OPERATIONS, SEXES
from tariff.account import Pass
from tariff.refunds import Reissue, reissue
from tariff.refusal import Refusal
from tariff.rulebook import Rulebook

Names = Sequence[Sequence[str]]
"""Of each section of a pass, the names of its two ends."""
_MOVED = (Operation.REISSUE, Operation.EXCHANGE)
_TOLD = (Operation.ISSUE, Operation.CHANGE_DATA, Operation.MAKE_NAMED, Operation.MAKE_ADULT, *_MOVED)
"""After which a named card's data is printed anew [D]: for every operator, as Iwate's rules have it (IGP-13)."""


def slips_of(
    prepared: Prepared, rulebook: Rulebook, stop_names: Mapping[int, Names], issued: Issued, approved_by: str = ""
) -> tuple[Sheet, ...]:
    """All slips of an operation. `stop_names`: of passes sold earlier, by the register's row."""
    return tuple(_slips(prepared, rulebook, stop_names, issued, approved_by))


def _slips(
    prepared: Prepared, rulebook: Rulebook, stop_names: Mapping[int, Names], issued: Issued, approved_by: str
) -> Iterator[Sheet]:
    number, kind, holder = _card(prepared, rulebook)
    name = holder.kana_name if holder else ""
    if any(line.yen for line in prepared.lines):
        what = f"{OPERATIONS[prepared.operation][0]}として"
        lines = [Line(LINES[line.what][0], line.rule, line.yen) for line in prepared.lines if line.yen]
        yield receipt(what, lines, number, issued, approved_by)
    for sold in prepared.effects:
        if isinstance(sold, PassSold):
            held = on_slip(sold.held, sold.stop_names, rulebook)
            yield pass_contents(number, kind, name, held, sold.price_yen, sold.sold_on, issued)
        if isinstance(sold, Reported):
            yield from _reported(prepared, sold, rulebook, stop_names, issued)
    kept = prepared.register.passes[-1] if prepared.register and prepared.register.passes else None
    if kept and prepared.operation in _MOVED:
        held = on_slip(kept.held, stop_names.get(kept.row, ()), rulebook)
        yield pass_contents(number, kind, name, held, kept.price_yen, issued.day(), issued)
    if holder is not None and prepared.operation in _TOLD:
        sex = SEXES[holder.sex][0] if holder.sex in SEXES else ""
        person = Person(holder.kana_name, sex, holder.birth, holder.telephone)
        yield reference_paper(
            number, kind, person, _expires(prepared), _pass_of(prepared, rulebook, stop_names), issued
        )


def _reported(
    prepared: Prepared, reported: Reported, rulebook: Rulebook, stop_names: Mapping[int, Names], issued: Issued
) -> Iterator[Sheet]:
    """The slip of a card reported lost or damaged; a card that is exchanged has none (IGP-23)."""
    register = prepared.register
    assert register is not None
    report = Report(0, reported.why, reported.applied_on, reported.slip_on)
    days = slip_window(register, report, rulebook)
    if isinstance(days, Refusal):
        return
    lost = reported.why is ReportedWhy.LOST
    due = reissue(register.expected, Reissue(reported.why), reported.slip_on, days[0], rulebook)
    assert not isinstance(due, Refusal)  # its days were asked for just now
    number, kind, holder = _card(prepared, rulebook)
    yield reissue_slip(
        Reissuing(
            number,
            kind,
            holder.kana_name if holder else "",
            lost,
            reported.applied_on,
            *days,
            due.fee_yen,
            due.deposit_yen,
            "LOC-16 / IGP-21" if lost else "LOC-17 / IGP-22",
            _pass_of(prepared, rulebook, stop_names),
        ),
        issued,
    )


# -- what is said on all of them


def _card(prepared: Prepared, rulebook: Rulebook) -> tuple[str, str, HolderData | None]:
    """Number, kind in words, and holder, as they are when it is done."""
    register, card = prepared.register, prepared.card
    number = card.new.number if isinstance(card, NewIssue) else register.number if register else ""
    kind = register.kind if register else ""
    holder = register.holder if register else None
    for effect in prepared.effects:
        match effect:
            case HolderSet(holder=told):
                holder = told
            case KindSet(kind=now):
                kind = now
            case _:
                kind = getattr(effect, "kind", kind)
    return number, next((one.title for one in rulebook.card_kinds if one.name == kind), kind), holder


def _expires(prepared: Prepared) -> date | None:
    account = prepared.after or prepared.before
    return account.expires if account else None


def _pass_of(prepared: Prepared, rulebook: Rulebook, stop_names: Mapping[int, Names]) -> PassOnSlip | None:
    """The pass that the card holds then."""
    account = prepared.after or prepared.before
    held = account.held_pass if account else None
    if held is None:
        return None
    names: Names = next((one.stop_names for one in prepared.effects if isinstance(one, PassSold)), ())
    if not names and prepared.register:
        names = next((stop_names.get(one.row, ()) for one in prepared.register.passes if one.held == held), ())
    return on_slip(held, names, rulebook)


def on_slip(held: Pass, names: Names, rulebook: Rulebook) -> PassOnSlip:
    """A pass in words: sections by their ends, or the area or line."""
    product = rulebook.product(held.product)
    area, line = rulebook.area(held.area), rulebook.line(held.line)
    where = [
        section_text(ends[0], ends[1], one_way=section.one_way)
        for section, ends in zip(held.sections, names, strict=False)
    ]
    where += [place.name for place in (area, line) if place]
    company = next((one.name for one in rulebook.companies if one.number == held.company), rulebook.name)
    return PassOnSlip(
        product.title if product else str(held.product),
        tuple(where) or ("全線",),
        company,
        held.first_day,
        held.last_day,
        held.bearer,
    )
