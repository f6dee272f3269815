"""One form for each operation: what a clerk fills in -> what `centre.counter.operations` is asked.

form = FORMS[operation](situation, request.POST)
form.is_valid() and form.prepared() -> Prepared | Refusal
"""

from collections.abc import Mapping

from centre.counter.forms.base import OperationForm
from centre.counter.forms.cards import (
    AdultForm,
    ApplyForm,
    DataForm,
    IssueForm,
    LiftForm,
    NamedForm,
    StopForm,
    VoidForm,
)
from centre.counter.forms.money import FoundForm, RefundBothForm, RefundCardForm, RefundPassForm, TopUpForm
from centre.counter.forms.passes import PassForm
from centre.counter.forms.reissue import ExchangeForm, ReissueForm, ReportDamagedForm, ReportLostForm, TakeInForm
from centre.counter.operations.values import Operation

FORMS: Mapping[Operation, type[OperationForm]] = {
    Operation.ISSUE: IssueForm,
    Operation.TOP_UP: TopUpForm,
    Operation.SELL_PASS: PassForm,
    Operation.REFUND_CARD: RefundCardForm,
    Operation.REFUND_PASS: RefundPassForm,
    Operation.REFUND_BOTH: RefundBothForm,
    Operation.REPORT_LOST: ReportLostForm,
    Operation.REPORT_DAMAGED: ReportDamagedForm,
    Operation.REISSUE: ReissueForm,
    Operation.TAKE_IN: TakeInForm,
    Operation.EXCHANGE: ExchangeForm,
    Operation.CHANGE_DATA: DataForm,
    Operation.MAKE_NAMED: NamedForm,
    Operation.MAKE_ADULT: AdultForm,
    Operation.VOID: VoidForm,
    Operation.FOUND_CARD: FoundForm,
    Operation.STOP: StopForm,
    Operation.LIFT_STOP: LiftForm,
    Operation.APPLY_DIRECTIVES: ApplyForm,
}

__all__ = ["FORMS", "OperationForm"]
