"""Passes sold and renewed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms

from centre.counter.forms.base import NOT_THERE, DayField, OperationForm, PapersField, set_papers
from centre.counter.operations.passes import prepare_pass
from centre.counter.operations.prepared import Prepared
from centre.counter.rules import offers
from centre.words import both, said
from tariff.account import HolderKind, Section
from tariff.products import Order, Purchase
from tariff.refusal import Code, Refusal
from tariff.rulebook import ORDINARY

SECTIONS = (1, 2, 3)
"""As many as a card holds."""


class PassFields(forms.Form):
    """A pass that somebody asks for. Which of the fields are needed, the product says."""

    product = forms.ChoiceField(label=both("定期券の種類", "Kind of pass"), required=False)
    first_day = DayField(both("利用開始日", "First day"), required=False)
    months = forms.IntegerField(label=both("月数", "Months"), required=False, min_value=1, max_value=12)
    last_day = DayField(
        both("最終日（端数日のとき）", "Last day (for odd days)"),
        required=False,
        help_text=both("月数を入れないときだけ", "Only where no months are given"),
    )
    area = forms.ChoiceField(label=both("エリア", "Area"), required=False)
    service = forms.ChoiceField(label=both("路線の種別", "Kind of service"), required=False)
    company = forms.TypedChoiceField(label=both("運行会社", "Operator"), coerce=int)
    one_way = forms.BooleanField(label=both("片道", "One way"), required=False)
    from_1, to_1 = (forms.CharField(required=False, max_length=80) for _ in range(2))
    from_2, to_2 = (forms.CharField(required=False, max_length=80) for _ in range(2))
    from_3, to_3 = (forms.CharField(required=False, max_length=80) for _ in range(2))
    fare = forms.TypedChoiceField(
        label=both("区間運賃", "Fare of the section"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=both("経路により運賃が異なるときに選びます", "Where routes differ in fare"),
    )
    papers = PapersField()

    def arrange(self) -> None:
        """The operator's products, areas and companies."""
        assert isinstance(self, OperationForm)
        book = self.now.rulebook
        chosen: dict[str, list[tuple[Any, Any]]] = {
            "product": [("", "－"), *((one.name, one.title) for one in book.products)],
            "area": [("", "－"), *((one.name, one.name) for one in book.areas)],
            "service": [
                (ORDINARY, both("一般路線", "ordinary")),
                *((one.name, "・".join(one.routes) or one.name) for one in book.services),
            ],
            "company": [(one.number, one.name) for one in book.companies],
        }
        for name, choices in chosen.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
            if len(choices) == 1:
                field.initial, field.widget = choices[0][0], forms.HiddenInput()
            elif name in ("service", "company"):
                field.initial = choices[0][0]
        for number in SECTIONS:
            self.fields[f"from_{number}"].label = f"{said('区間', 'Section')} {number} {said('から', 'from')}"
            self.fields[f"to_{number}"].label = f"{said('区間', 'Section')} {number} {said('まで', 'to')}"
        if self.now.network is None or all(one.scope != "section" for one in book.products):
            for name in ("one_way", "fare", *(f"{end}_{number}" for end in ("from", "to") for number in SECTIONS)):
                self.fields.pop(name)
        else:
            self._arrange_stops()
        if not book.areas:
            self.fields.pop("area")

    def _arrange_stops(self) -> None:
        """Stops by name, out of the list that the browser offers; and the fares of the first section."""
        assert isinstance(self, OperationForm) and self.now.network is not None
        for number in SECTIONS:
            for end in ("from", "to"):
                self.fields[f"{end}_{number}"].widget.attrs.update({"list": "stops", "autocomplete": "off"})
        fare = self.fields["fare"]
        assert isinstance(fare, forms.ChoiceField)
        start, end_ = str(self.data.get("from_1", "")), str(self.data.get("to_1", ""))
        known = offers(self.now.network, self.now.rulebook, start, end_, one_way=False) if start and end_ else ()
        shown = [(one.section.priced_fare_yen, f"{one.section.priced_fare_yen:,}円 {one.route}") for one in known]
        fare.choices = [("", said("最も高い運賃", "the dearest")), *shown]

    def stop_list(self) -> Sequence[str]:
        """Every stop's name, once."""
        assert isinstance(self, OperationForm)
        return tuple(dict.fromkeys(self.now.network.stop_names.values())) if self.now.network else ()

    def order(self, holder: HolderKind) -> Order | Refusal:
        """The order as it was filled in; refused where a section has no fare (GEN-4)."""
        assert isinstance(self, OperationForm)
        data = self.cleaned_data
        product = self.now.rulebook.product_named(data["product"])
        if product is None:
            return Refusal(Code.NOT_SOLD, "GEN-19", data["product"])
        sections: tuple[Section, ...] = ()
        names: dict[int, str] = {}
        if product.scope == "section":
            found = self._sections()
            if isinstance(found, Refusal):
                return found
            sections, names = found
        purchase = Purchase(
            product.name,
            data["first_day"] or self.now.day,
            data.get("months"),
            None if data.get("months") else data.get("last_day"),
            sum(section.priced_fare_yen for section in sections) or None,
            bool(data.get("one_way")),
            (data.get("area") or None) if product.scope == "area" else None,
            holder,
            data.get("service") or ORDINARY,
        )
        return Order(purchase, self.now.day, data["company"], sections, names)

    def _sections(self) -> tuple[tuple[Section, ...], dict[int, str]] | Refusal:
        assert isinstance(self, OperationForm)
        data, network = self.cleaned_data, self.now.network
        if network is None:
            return Refusal(
                Code.NOT_CONFIGURED, "GEN-17", said("停留所と運賃（CENTRE_FEED）", "stops and fares (CENTRE_FEED)")
            )
        sections: list[Section] = []
        names: dict[int, str] = {}
        for number in SECTIONS:
            start, end = data.get(f"from_{number}", ""), data.get(f"to_{number}", "")
            if not start and not end:
                continue
            known = offers(network, self.now.rulebook, start, end, one_way=bool(data.get("one_way")))
            chosen = data.get("fare") if number == 1 else None
            fitting = [one.section for one in known if chosen in (None, one.section.priced_fare_yen)]
            if not fitting:
                return Refusal(Code.NO_FARE, "GEN-4", f"{start} → {end}")
            sections.append(fitting[0])
            names |= {fitting[0].from_stop: start, fitting[0].to_stop: end}
        if not sections:
            return Refusal(Code.NOT_SOLD, "PASS-1", said("区間がありません", "no section"))
        return tuple(sections), names


class PassForm(PassFields, OperationForm):
    """定期券の発売・継続."""

    def arrange(self) -> None:
        """Filled in for a renewal, where there is a pass on the card: from the day after it ends (LOC-11)."""
        super().arrange()
        self.fields["product"].required = self.fields["first_day"].required = True
        set_papers(self, [paper for one in self.now.rulebook.products for paper in one.papers])
        held = self.now.seen.account.held_pass if self.now.seen else None
        product = self.now.rulebook.product(held.product) if held else None
        first = max(self.now.day, held.last_day + timedelta(days=1)) if held else self.now.day
        self.initial = {"first_day": first, "product": product.name if product else "", "months": 1}
        if held and self.now.network:
            self.initial |= _ends_of(held.sections, self.now.network.register)

    def prepared(self) -> Prepared | Refusal:
        """See OperationForm."""
        now = self.now
        if now.seen is None or now.register is None:
            return NOT_THERE
        order = self.order(now.seen.account.holder)
        if isinstance(order, Refusal):
            return order
        return prepare_pass(now.seen, now.register, order, self.shown_papers(), now.rulebook, now.day)


def _ends_of(sections: Sequence[Section], register: Any) -> dict[str, Any]:
    """A pass's sections as the form has them."""
    filled: dict[str, Any] = {}
    for number, section in zip(SECTIONS, sections, strict=False):
        filled[f"from_{number}"] = register.stop_name(section.from_stop)
        filled[f"to_{number}"] = register.stop_name(section.to_stop)
        filled["one_way"] = section.one_way
    return filled
