"""What the forms of all operations have in common, and the kinds of their fields."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from centre.counter import words
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.values import Claim, HolderData, Paper
from centre.counter.situation import Situation
from centre.portal.rules_entry import KANA_MOST, Wrong, kana_name, telephone, wrong_with_birth
from centre.words import both, said
from tariff.refusal import Code, Refusal

NOT_THERE = Refusal(Code.TOUCH_AGAIN, "CTR-1")
"""The card that an operation needs does not lie on the desk."""


class OperationForm(forms.Form):
    """Knows the situation that it is filled in for. `prepared` asks the operation, once the form is valid."""

    def __init__(self, now: Situation, data: "MultiValueDict[str, Any] | None" = None) -> None:
        """An empty one, or one that was sent."""
        super().__init__(data, label_suffix="")
        self.now = now
        self.arrange()

    def arrange(self) -> None:
        """Choices, and what falls away: by the card and the operator's file."""

    def prepared(self) -> Prepared | Refusal:
        """What the operation says."""
        raise NotImplementedError

    def shown_papers(self) -> frozenset[str]:
        """The papers that were ticked."""
        return frozenset(self.cleaned_data.get("papers", ()))


# -- kinds of fields


class DayField(forms.DateField):
    """A day."""

    def __init__(self, label: Any, *, required: bool = True, help_text: Any = "") -> None:
        """With a calendar, where the browser has one."""
        super().__init__(
            label=label, required=required, help_text=help_text, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
        )


class KanaField(forms.CharField):
    """A name in full-width kana (PRT-3)."""

    def __init__(self, label: Any, *, required: bool = True) -> None:
        """At most 15 letters; spaces don't count."""
        help_text = both("全角カナ15文字以内", "Full-width kana, at most 15 letters")
        super().__init__(label=label, required=required, max_length=KANA_MOST * 2, help_text=help_text)

    def clean(self, value: Any) -> str:
        """Without its spaces."""
        typed = super().clean(value)
        name = kana_name(typed) if typed else ""
        if isinstance(name, Wrong):
            raise forms.ValidationError(said("全角カナ15文字以内で入力してください。", "Full-width kana, at most 15."))
        return name


class TelephoneField(forms.CharField):
    """A telephone number (PRT-3)."""

    def __init__(self, *, required: bool = True) -> None:
        """Half-width digits."""
        super().__init__(
            label=both("電話番号", "Telephone"),
            required=required,
            max_length=15,
            help_text=both("半角数字、ハイフンなし", "Half-width digits, no hyphen"),
            widget=forms.TextInput({"inputmode": "numeric"}),
        )

    def clean(self, value: Any) -> str:
        """Digits."""
        typed = super().clean(value)
        if typed and isinstance(telephone(typed), Wrong):
            raise forms.ValidationError(said("半角数字で入力してください。", "Half-width digits only."))
        return str(typed)


class NumberField(forms.RegexField):
    """The number engraved on a card."""

    def __init__(self) -> None:
        """Letters and digits, 16 at most."""
        super().__init__(
            regex=r"^[A-Z0-9]{4,16}$",
            label=both("刻印番号", "Engraved number"),
            help_text=both("新しいカードの裏面の番号", "On the back of the new card"),
            max_length=16,
        )

    def to_python(self, value: Any) -> str:
        """Whatever its case."""
        return str(super().to_python(value)).upper()


class YenField(forms.IntegerField):
    """An amount in whole yen."""

    def __init__(self, label: Any, *, least: int = 1) -> None:
        """Bounded by what a card could ever hold."""
        super().__init__(
            label=label, min_value=least, max_value=1_000_000, widget=forms.NumberInput({"inputmode": "numeric"})
        )


def choices_of(named: words.Words, names: Iterable[str]) -> list[tuple[str, Any]]:
    """Choices with their words."""
    return [(name, both(*named[name]) if name in named else name) for name in names]


class PapersField(forms.MultipleChoiceField):
    """Papers that were shown to the clerk, ticked one by one."""

    def __init__(self) -> None:
        """The form says which."""
        super().__init__(
            label=both("確認した書類", "Papers shown"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=both("実物を確認したものだけに印を付けます", "Tick only what you have seen yourself"),
        )


def set_papers(form: forms.Form, names: Iterable[str]) -> None:
    """Ask for these papers; where there are none, not at all. A handbook of one kind asks for identity besides."""
    asked: list[str] = []
    for name in names:
        asked += [Paper.MENTAL_HANDBOOK, Paper.IDENTITY] if name == "identity-with-mental-handbook" else [name]
    if not asked:
        form.fields.pop("papers", None)
        return
    field = form.fields["papers"]
    assert isinstance(field, forms.MultipleChoiceField)
    field.choices = choices_of(words.PAPERS, dict.fromkeys(asked))


# -- people


class ClaimFields(forms.Form):
    """What the proof of identity says, as the clerk reads it off; asked for where the card is named."""

    claim_kana = KanaField(both("本人確認書類の氏名（カナ）", "Name on the proof of identity, in kana"), required=False)
    claim_birth = DayField(both("本人確認書類の生年月日", "Date of birth on the proof of identity"), required=False)

    def claim(self) -> Claim | None:
        """None: nothing was shown."""
        kana = self.cleaned_data.get("claim_kana", "")
        return Claim(kana, self.cleaned_data.get("claim_birth")) if kana else None


def without_claim(form: forms.Form, now: Situation) -> None:
    """An anonymous card's bearer proves nothing."""
    if now.register is None or not now.register.named:
        for name in ("claim_kana", "claim_birth"):
            form.fields.pop(name, None)


SEXES = [("", both("（記載なし）", "(not stated)")), *((name, both(*said_)) for name, said_ in words.SEXES.items())]


class HolderFields(forms.Form):
    """Whom a named card belongs to (LOC-1), and consent to the use of it (IGP-6)."""

    kana = KanaField(both("氏名（カナ）", "Name in kana"), required=False)
    birth = DayField(both("生年月日", "Date of birth"), required=False)
    sex = forms.ChoiceField(label=both("性別", "Sex"), choices=SEXES, required=False)
    telephone = TelephoneField(required=False)
    consent = forms.BooleanField(
        label=both("個人情報の取扱いに同意を得た", "Consent to the use of personal data was given"), required=False
    )

    def holder(self) -> HolderData | None:
        """None: no name was given."""
        data = self.cleaned_data
        kana = data.get("kana", "")
        return HolderData(kana, data["telephone"], data.get("birth"), data["sex"]) if kana else None

    def clean_birth(self) -> date | None:
        """Somebody who lives."""
        birth: date | None = self.cleaned_data.get("birth")
        assert isinstance(self, OperationForm)
        if birth is not None and wrong_with_birth(birth, self.now.day):
            raise forms.ValidationError(said("生年月日を確認してください。", "Please check the date of birth."))
        return birth
