"""Cards issued, changed and taken out of use."""

from typing import Any

from django import forms

from cardimage.issue import made_up_number
from centre.counter.desk import Blank
from centre.counter.forms.base import (
    NOT_THERE,
    ClaimFields,
    DayField,
    HolderFields,
    NumberField,
    OperationForm,
    PapersField,
    choices_of,
    set_papers,
)
from centre.counter.forms.passes import PassFields
from centre.counter.operations.cards import (
    HolderRequest,
    IssueRequest,
    VoidWhy,
    prepare_adult,
    prepare_data_change,
    prepare_directives,
    prepare_issue,
    prepare_lift,
    prepare_named,
    prepare_stop,
    prepare_void,
)
from centre.counter.operations.prepared import Prepared
from centre.counter.words import VOIDS
from centre.words import both, said
from tariff.refusal import Code, Refusal
from tariff.rulebook import Purse, Rulebook

WITH_PASS = "pass"
"""Chosen for a price: the card is bought with a pass on it (LOC-5)."""
_OTHER_WORK = Refusal(Code.NOT_ELIGIBLE, "CTR-3")


class IssueForm(PassFields, HolderFields, OperationForm):
    """カード発売."""

    kind = forms.ChoiceField(label=both("カードの種類", "Kind of card"), widget=forms.RadioSelect)
    number = NumberField()
    price = forms.ChoiceField(label=both("発売額", "Price"), widget=forms.RadioSelect)
    pass_only = forms.BooleanField(
        label=both("定期券機能のみ（NOR-12）", "Pass function only (NOR-12)"), required=False
    )
    handbook_ends = DayField(both("手帳の有効期限", "Handbook ends"), required=False)

    field_order = (
        "kind", "number", "price", "kana", "birth", "sex", "telephone", "consent", "handbook_ends", "papers",
    )  # fmt: skip

    def arrange(self) -> None:
        """The operator's kinds and prices; a pass may come with it."""
        super().arrange()
        book = self.now.rulebook
        kind, price = self.fields["kind"], self.fields["price"]
        assert isinstance(kind, forms.ChoiceField) and isinstance(price, forms.ChoiceField)
        kind.choices = [(one.name, one.title) for one in book.card_kinds]
        kind.initial = book.card_kinds[0].name if book.card_kinds else None
        with_pass = (WITH_PASS, both("定期券付き（デポジットのみ）", "With a pass (deposit alone)"))
        price.choices = [*((str(yen), f"{yen:,}円") for yen in book.counter.sold_at_yen or ()), with_pass]
        price.initial = price.choices[0][0]
        if not any(rules.name is Purse.REGULAR for rules in book.purses):
            self.fields.pop("pass_only")
        blank = self.now.blank
        if isinstance(blank, Blank):
            self.fields["number"].initial = made_up_number(book.scheme, blank.idm)
        set_papers(self, _all_papers(book))
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any] | None:
        """A pass is filled in, or none is."""
        data = super().clean()
        if self.cleaned_data.get("price") == WITH_PASS and not self.cleaned_data.get("product"):
            self.add_error("product", said("定期券を選んでください。", "Choose the pass."))
        return data

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        blank = self.now.blank
        if blank is None:
            return NOT_THERE
        data = self.cleaned_data
        with_pass = data["price"] == WITH_PASS
        order = self.order(self.new_holder()) if with_pass else None
        if isinstance(order, Refusal):
            return order
        asked = IssueRequest(
            data["kind"],
            data["number"],
            None if with_pass else int(data["price"]),
            self.holder(),
            data["consent"],
            self.shown_papers(),
            data.get("handbook_ends"),
            order,
            bool(data.get("pass_only")),
        )
        return prepare_issue(blank, asked, self.now.rulebook, self.now.day)

    def new_holder(self) -> Any:
        """For whom a pass on the new card is priced: the kind's holder."""
        kinds = self.now.rulebook.card_kinds
        return next(one.holder for one in kinds if one.name == self.cleaned_data["kind"])


def _all_papers(book: Rulebook) -> list[str]:
    """Every paper that a kind of card or a pass asks for."""
    kinds = [paper for kind in book.card_kinds for paper in kind.papers]
    return kinds + [paper for product in book.products for paper in product.papers]


class NamedForm(HolderFields, OperationForm):
    """無記名から記名へ."""

    papers = PapersField()

    def arrange(self) -> None:
        """What any named kind asks for."""
        kinds = [kind for kind in self.now.rulebook.card_kinds if kind.named != "anonymous"]
        set_papers(self, [paper for kind in kinds for paper in kind.papers])
        for name in ("kana", "birth", "telephone", "consent"):
            self.fields[name].required = True

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now, holder = self.now, self.holder()
        if now.seen is None or now.register is None or holder is None:
            return NOT_THERE
        asked = HolderRequest(holder, self.cleaned_data["consent"], self.shown_papers())
        return prepare_named(now.seen, now.register, asked, now.rulebook, now.day)


class DataForm(ClaimFields, HolderFields, OperationForm):
    """記名情報の変更: who the holder is by the papers, and what is to stand in the register."""

    def arrange(self) -> None:
        """Filled in as the register has it."""
        for name in ("kana", "birth", "telephone", "consent", "claim_kana", "claim_birth"):
            self.fields[name].required = True
        holder = self.now.register.holder if self.now.register else None
        if holder is not None:
            told = {"kana": holder.kana_name, "birth": holder.birth, "sex": holder.sex, "telephone": holder.telephone}
            self.initial = told

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now, holder = self.now, self.holder()
        if now.register is None or holder is None:
            return NOT_THERE
        asked = HolderRequest(holder, self.cleaned_data["consent"], claim=self.claim())
        return prepare_data_change(now.register, asked, now.rulebook, now.day)


class AdultForm(OperationForm):
    """小児から大人へ."""

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.seen is None or now.register is None:
            return NOT_THERE
        return prepare_adult(now.seen, now.register, now.rulebook, now.day)


class ApplyForm(OperationForm):
    """翌日反映の書込み."""

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.seen is None or now.register is None:
            return NOT_THERE
        return prepare_directives(now.seen, now.register, now.rulebook, now.day) or _OTHER_WORK


class VoidForm(OperationForm):
    """無効・回収."""

    why = forms.ChoiceField(
        label=both("理由", "Why"), choices=choices_of(VOIDS, [why.value for why in VoidWhy]), widget=forms.RadioSelect
    )

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.register is None:
            return NOT_THERE
        return prepare_void(now.seen, now.register, VoidWhy(self.cleaned_data["why"]), now.rulebook, now.day)


class _WhyForm(OperationForm):
    why = forms.CharField(
        label=both("理由", "Why"),
        max_length=100,
        help_text=both("氏名などは書かないでください", "No names, please"),
    )


class StopForm(_WhyForm):
    """使用停止."""

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.register is None:
            return NOT_THERE
        return prepare_stop(now.register, self.cleaned_data["why"], now.rulebook, now.day)


class LiftForm(_WhyForm):
    """使用停止の解除."""

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.register is None:
            return NOT_THERE
        return prepare_lift(now.register, self.cleaned_data["why"], now.rulebook, now.day)
