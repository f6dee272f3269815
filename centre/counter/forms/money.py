"""Money put on a card and given back."""

from typing import ClassVar

from django import forms

from centre.counter.forms.base import (
    NOT_THERE,
    ClaimFields,
    OperationForm,
    PapersField,
    YenField,
    choices_of,
    set_papers,
    without_claim,
)
from centre.counter.operations.money import Back, RefundRequest, prepare_found, prepare_refund, prepare_top_up
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.values import Paper
from centre.counter.words import PURSES
from centre.words import both
from tariff.refunds import CARD_REFUNDS
from tariff.refusal import Refusal
from tariff.rulebook import Purse

TOPPED_UP = (Purse.STORED_FARE, Purse.REGULAR, Purse.STUDENT, Purse.ECO)
"""Purses that money is put into."""


class TopUpForm(OperationForm):
    """チャージ."""

    purse = forms.ChoiceField(label=both("積み増し先", "Purse"), widget=forms.RadioSelect)
    paid_yen = YenField(both("金額（円）", "Amount in yen"))
    papers = PapersField()

    def arrange(self) -> None:
        """The operator's purses; the student one asks for a paper."""
        there = [rules.name for rules in self.now.rulebook.purses if rules.name in TOPPED_UP]
        field = self.fields["purse"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices_of(PURSES, there)
        field.initial = there[0] if there else None
        set_papers(self, [Paper.ATTENDANCE] if Purse.STUDENT in there else [])
        self.fields["paid_yen"].widget.attrs["autofocus"] = True

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.seen is None or now.register is None:
            return NOT_THERE
        data = self.cleaned_data
        purse = Purse(data["purse"])
        return prepare_top_up(
            now.seen, now.register, purse, data["paid_yen"], self.shown_papers(), now.rulebook, now.day
        )


class _RefundForm(ClaimFields, OperationForm):
    back: ClassVar[Back]
    sold = forms.TypedChoiceField(
        label=both("払い戻す定期券", "Pass to give back"), coerce=int, widget=forms.RadioSelect
    )
    papers = PapersField()

    def arrange(self) -> None:
        """Which pass, if there is one to give back."""
        without_claim(self, self.now)
        register = self.now.register
        if self.back is Back.CARD or register is None:
            self.fields.pop("sold")
            set_papers(self, ())
            return
        field = self.fields["sold"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            (one.row, f"{one.product} {one.held.first_day:%Y/%m/%d}～{one.held.last_day:%Y/%m/%d}")
            for one in register.passes
        ]
        field.initial = register.passes[-1].row if register.passes else None
        shape = self.now.rulebook.counter.card_refund
        set_papers(self, CARD_REFUNDS[shape].papers if shape else ())

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.seen is None or now.register is None:
            return NOT_THERE
        asked = RefundRequest(self.back, self.cleaned_data.get("sold"), self.claim(), self.shown_papers())
        return prepare_refund(now.seen, now.register, asked, now.rulebook, now.day, now.limit_yen)


class RefundCardForm(_RefundForm):
    """カードの払戻し."""

    back = Back.CARD


class RefundPassForm(_RefundForm):
    """定期券のみの払戻し."""

    back = Back.PASS


class RefundBothForm(_RefundForm):
    """カードと定期券の払戻し."""

    back = Back.BOTH


class FoundForm(ClaimFields, OperationForm):
    """発見カードのデポジット返却."""

    def arrange(self) -> None:
        """Who brings it."""
        without_claim(self, self.now)

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm. A card that can't be read any more is in the clerk's hand all the same."""
        now = self.now
        if now.register is None:
            return NOT_THERE
        return prepare_found(now.seen, now.register, self.claim(), now.rulebook, now.day)
