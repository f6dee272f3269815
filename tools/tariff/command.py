"""`farebox tariff`: what rides and passes cost and why, for those who run, try and study fares."""

from typing import ClassVar

import click

from tools.lazy import Commands, LazyGroup


class _TariffGroup(LazyGroup):
    commands_at: ClassVar[Commands] = {
        "quote": ("tools.tariff.quote_command:quote", "What a ride costs, and why; or a batch of JSON lines."),
        "price": ("tools.tariff.price_command:price", "What a pass costs, step by step; or the whole price table."),
        "refund": ("tools.tariff.refund_command:refund", "What is given back for a card, a pass or coupons."),
        "check": (
            "tools.tariff.check_command:check",
            "Check operator files, and that every ride of a feed has a fare.",
        ),
        "diff": ("tools.tariff.diff_command:diff", "Every fare, price and setting that a change would change."),
        "reprice": ("tools.tariff.reprice_command:reprice", "Price recorded rides again under other rules."),
    }


@click.group(cls=_TariffGroup)
def tariff() -> None:
    """Fares, passes and refunds: quote them, check them, compare two sets of them. No card and no money is touched.

    \b
    farebox tariff quote 白棚線 磐城棚倉 新白河
    farebox tariff price commuter --operator aizu-noruca --fare 230 --all
    farebox tariff check tariff/operators --feed sample
    """
