"""Passes sold and renewed at the counter (LOC-5, LOC-11, LOC-12, IGP-3, NOR-3, AZF-30 to AZF-54, GEN-19).

    prepare_pass(seen, register, order, papers, rulebook, day)

A card holds one pass. What begins after the one that is on it ends is not written now: it waits as a directive, and
the card learns of it on the day on which it begins, at any reader (CTR-3).
"""

from datetime import date

from cardimage.directives import apply, given
from centre.counter.desk import Seen
from centre.counter.operations.cards import brought_up, papers_of, pass_sold
from centre.counter.operations.effects import Directed, Effect
from centre.counter.operations.judging import asked_for, lacking, not_this_card, not_workable, rewritten
from centre.counter.operations.prepared import Prepared, Rewrite
from centre.counter.operations.values import Line, Operation, Registered, What
from tariff.acceptance import accept_card
from tariff.products import Buyer, Order, sell
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook


def prepare_pass(
    seen: Seen, register: Registered, order: Order, papers: frozenset[str], rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """Sell a pass on this card, or renew the one that it has. ValueError as `tariff.products.sell`."""
    refusal = (
        not_workable(register, rulebook)
        or not_this_card(seen, register)
        or accept_card(seen.account, day, rulebook)
        or _not_of_today(order, rulebook, day)
        or lacking(papers_of(order, rulebook), papers, "LOC-12")
    )
    if refusal:
        return refusal
    account, effects = brought_up(seen, register, day)
    to_come = apply(account, register.directives, date.max).account
    birth = register.holder.birth if register.holder else None
    sale = sell(order, Buyer(to_come, birth), rulebook)
    if isinstance(sale, Refusal):
        return sale
    done: list[Effect] = [*effects, pass_sold(register.idm, order, sale)]
    held = to_come.held_pass
    if held is not None and held.last_day >= day:
        done.append(Directed(register.idm, sale.held.first_day, (given(sale.held),)))
    else:
        account = account._replace(held_pass=sale.held)
    card = rewritten(Rewrite(seen, account), day) if account != seen.account else None
    if isinstance(card, Refusal):
        return card
    return Prepared(
        Operation.SELL_PASS,
        register.scheme,
        day,
        register.idm,
        register,
        lines=(Line(sale.price.lines[0].rule, What.PASS, sale.price.yen),),
        papers=tuple(sorted(asked_for(papers_of(order, rulebook), papers))),
        card=card,
        effects=tuple(done),
    )


def _not_of_today(order: Order, rulebook: Rulebook, day: date) -> Refusal | None:
    """An order for another day, a company that is none of the scheme's, or one of the portal's is none of a counter."""
    companies = {company.number for company in rulebook.companies}
    if order.sold_on != day or order.purchase.portal or order.company not in companies:
        return Refusal(Code.NOT_SOLD, "GEN-19", "not an order of this counter and day")
    return None
