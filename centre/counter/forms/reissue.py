"""Cards reported, issued anew and exchanged."""

from datetime import timedelta
from typing import ClassVar

from django import forms

from cardimage.issue import made_up_number
from centre.counter.forms.base import (
    NOT_THERE,
    ClaimFields,
    NumberField,
    OperationForm,
    PapersField,
    set_papers,
    without_claim,
)
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.reissue import (
    ReissueRequest,
    ReportRequest,
    prepare_exchange,
    prepare_reissue,
    prepare_report,
    prepare_take_in,
)
from centre.counter.operations.values import Paper, ReportedWhy
from centre.words import both
from tariff.refusal import Refusal


class _ReportForm(ClaimFields, OperationForm):
    why: ClassVar[ReportedWhy]
    slip_on = forms.ChoiceField(
        label=both("整理票の日付", "Date of the slip"),
        choices=[
            ("today", both("本日", "today")),
            ("tomorrow", both("翌日（営業開始まで）", "tomorrow by opening time")),
        ],
        initial="today",
        widget=forms.RadioSelect,
    )

    def arrange(self) -> None:
        """Who reports it."""
        without_claim(self, self.now)

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now, data = self.now, self.cleaned_data
        if now.register is None:
            return NOT_THERE
        slip_on = now.day + timedelta(days=data["slip_on"] == "tomorrow")
        asked = ReportRequest(
            self.why, slip_on, self.claim(), data.get("number_readable", True), data.get("on_purpose", False)
        )
        return prepare_report(now.register, asked, now.rulebook, now.day)


class ReportLostForm(_ReportForm):
    """紛失の届出."""

    why = ReportedWhy.LOST


class ReportDamagedForm(_ReportForm):
    """障害の届出."""

    why = ReportedWhy.DAMAGED
    number_readable = forms.BooleanField(
        label=both("裏面の刻印番号が読める", "The engraved number can be read"), required=False, initial=True
    )
    on_purpose = forms.BooleanField(
        label=both("故意または重大な過失による", "By intent or gross negligence"), required=False
    )


class ReissueForm(ClaimFields, OperationForm):
    """再発行カードのお渡し."""

    number = NumberField()
    papers = PapersField()

    def arrange(self) -> None:
        """The slip; of a broken card, the card too."""
        without_claim(self, self.now)
        register = self.now.register
        broken = register is not None and register.report is not None and register.report.why is ReportedWhy.DAMAGED
        set_papers(self, [Paper.REISSUE_SLIP, *([Paper.OLD_CARD] if broken else [])])
        _suggest_number(self)

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.blank is None or now.register is None:
            return NOT_THERE
        asked = ReissueRequest(self.cleaned_data["number"], self.claim(), self.shown_papers())
        return prepare_reissue(now.blank, now.register, asked, now.rulebook, now.day)


class TakeInForm(OperationForm):
    """交換のためのお預かり."""

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.seen is None or now.register is None:
            return NOT_THERE
        return prepare_take_in(now.seen, now.register, now.rulebook, now.day)


class ExchangeForm(OperationForm):
    """カードの交換."""

    number = NumberField()

    def arrange(self) -> None:
        """A number for the new card."""
        _suggest_number(self)

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.blank is None or now.register is None:
            return NOT_THERE
        return prepare_exchange(now.blank, now.register, self.cleaned_data["number"], now.rulebook, now.day)


def _suggest_number(form: OperationForm) -> None:
    """What a bench card is engraved with; a real one has its own on its back."""
    if form.now.blank is not None:
        form.fields["number"].initial = made_up_number(form.now.rulebook.scheme, form.now.blank.idm)
