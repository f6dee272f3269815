"""What members fill in. What is right is ruled in `rules_entry`; here it gets fields and words."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from centre.clock import today
from centre.portal import robots
from centre.portal.rules_entry import (
    KANA_MOST,
    PASSWORD_MOST,
    Wrong,
    engraved_number,
    kana_name,
    telephone,
    wrong_with_birth,
    wrong_with_password,
    wrong_with_postal_code,
)
from centre.words import both

_WORDS = {
    Wrong.PASSWORD_LENGTH: both("8文字以上32文字以内で入力してください。", "Use 8 to 32 characters."),
    Wrong.PASSWORD_LETTERS: both(
        "半角の英字と数字だけを使い、両方を入れてください。",
        "Use half-width letters and digits only, and both of them.",
    ),
    Wrong.PASSWORD_HAS_ADDRESS: both(
        "メールアドレスの@より前の文字列が入っています。", "It holds the part of your e-mail address before the @."
    ),
    Wrong.POSTAL_CODE: both("半角数字7桁で、ハイフンなしで入力してください。", "Seven half-width digits, no hyphen."),
    Wrong.BIRTH: both("生年月日をご確認ください。", "Please look at the date of birth."),
    Wrong.ENGRAVED: both(
        "AZから始まる半角英数字16桁で入力してください。", "AZ and 14 half-width letters and digits, 16 in all."
    ),
    Wrong.KANA: both("全角カナ、15文字以内で入力してください。", "Full-width kana, at most 15."),
    Wrong.TELEPHONE: both("半角数字で、ハイフンなしで入力してください。", "Half-width digits, no hyphen."),
}
_TOO_COMMON = both(
    "よく使われるパスワードなので、別のものにしてください。", "Many people use this password; choose another."
)
_NOT_THE_SAME = both("二つのパスワードが一致しません。", "The two passwords are not the same.")
_EMPTY = both("入力してください。", "Please fill this in.")
_NO_EMAIL = both("メールアドレスを正しく入力してください。", "Please enter an e-mail address.")


def right(found: str | Wrong | None) -> str:
    """What was taken; raises ValidationError with the words for what was not."""
    if isinstance(found, Wrong):
        raise ValidationError(_WORDS[found], code=found.value)
    return found or ""


class RobotWidget(forms.Widget):
    """ALTCHA's widget; without script it says that it needs one."""

    template_name = "portal/robot.html"
    use_fieldset = True


class RobotField(forms.CharField):
    """A solved challenge. Judged last, when all else is right: it counts once."""

    def __init__(self) -> None:
        """With its words."""
        super().__init__(
            label=both("ロボットでないことの確認", "Not-a-robot check"),
            widget=RobotWidget,
            max_length=robots.MOST_BYTES,
            error_messages={
                "required": both(
                    "「私はロボットではありません」にチェックを入れてください。", "Please tick “I'm not a robot”."
                )
            },
        )


class RobotForm(forms.Form):
    """A form with the not-a-robot check at its end."""

    altcha = RobotField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not robots.solved(cleaned["altcha"]):
            self.add_error(
                "altcha",
                both(
                    "確認の期限が過ぎました。もう一度チェックを入れてください。",
                    "The check has expired: tick it again.",
                ),
            )
        return cleaned


def _email_field(label: str, help_text: str = "") -> forms.EmailField:
    return forms.EmailField(
        label=label,
        help_text=help_text,
        max_length=254,
        error_messages={"required": _EMPTY, "invalid": _NO_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "username", "inputmode": "email"}),
    )


def _text_field(label: str, help_text: str = "", most: int = 100, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        error_messages={"required": _EMPTY},
        widget=forms.TextInput(attrs=attrs),
    )


def _password_field(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=200,
        strip=False,
        error_messages={"required": _EMPTY},
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class EmailForm(forms.Form):
    """An address that a mail goes to (PRT-1)."""

    email = _email_field(
        both("メールアドレス", "E-mail address"), both("例）aizu_noruca@card.com", "e.g. aizu_noruca@card.com")
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class SignInForm(RobotForm):
    """Login (PRT-2)."""

    field_order = ["email", "password", "altcha"]
    email = _email_field(both("メールアドレス（ログインID）", "E-mail address (login ID)"))
    password = _password_field(both("パスワード", "Password"), "current-password")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class NewPasswordForm(forms.Form):
    """A password, twice, for an address."""

    password = _password_field(
        both("パスワード", "Password"),
        "new-password",
        both(
            "半角英数字混合の8文字以上32文字以内。メールアドレスの@以前と同じ文字列を含まない",
            "8 to 32 half-width letters and digits, both; without the part of your e-mail address before the @",
        ),
    )
    password_again = _password_field(both("確認用パスワード", "Password again"), "new-password")

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        """Of the address that the password is for."""
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        right(wrong_with_password(password, self.email))
        try:
            validate_password(password)
        except ValidationError:
            raise ValidationError(_TOO_COMMON, code="password-common") from None
        return password

    def clean_password_again(self) -> str:
        again: str = self.cleaned_data["password_again"]
        if "password" in self.cleaned_data and again[: PASSWORD_MOST + 1] != self.cleaned_data["password"]:
            raise ValidationError(_NOT_THE_SAME, code="not-the-same")
        return again


class RegistrationForm(NewPasswordForm):
    """The form behind the link in the mail (PRT-1)."""

    postal_code = _text_field(
        both("郵便番号", "Postal code"),
        both("半角数字、ハイフンなし", "half-width digits, no hyphen"),
        inputmode="numeric",
        autocomplete="postal-code",
    )
    birth = forms.DateField(
        label=both("生年月日（西暦）", "Date of birth"),
        input_formats=["%Y-%m-%d", "%Y/%m/%d"],
        error_messages={"required": _EMPTY, "invalid": _WORDS[Wrong.BIRTH]},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
    )
    terms = forms.BooleanField(
        label=both("利用規約に同意する", "I agree to the terms of use"),
        error_messages={
            "required": both("利用規約への同意が必要です。", "You must agree to the terms of use to register.")
        },
    )

    def clean_postal_code(self) -> str:
        code: str = self.cleaned_data["postal_code"]
        right(wrong_with_postal_code(code))
        return code

    def clean_birth(self) -> date:
        birth: date = self.cleaned_data["birth"]
        right(wrong_with_birth(birth, today()))
        return birth


class PasswordForm(forms.Form):
    """The password, asked for again before something that matters."""

    current = _password_field(both("現在のパスワード", "Current password"), "current-password")


class ChangePasswordForm(NewPasswordForm, PasswordForm):
    """A new password, by whoever knows the old one."""

    field_order = ["current", "password", "password_again"]


class ChangeEmailForm(EmailForm, PasswordForm):
    """A new address, by whoever knows the password."""

    field_order = ["email", "current"]


class LanguageForm(forms.Form):
    """In which language mails come."""

    language = forms.ChoiceField(
        label=both("メールの言語", "Language of mails"), choices=[("ja", "日本語"), ("en", "English")]
    )


class AddCardForm(forms.Form):
    """A card, by what was told when it was issued (PRT-3)."""

    number = _text_field(
        both("AIZU NORUCA刻印番号", "AIZU NORUCA engraved number"),
        both(
            "半角英数字。カード裏面右下のAZから始まる16桁の番号です。",
            "16 half-width letters and digits from AZ on, at the lower right of the back",
        ),
        autocomplete="off",
        autocapitalize="characters",
    )
    kana_name = _text_field(
        both("カナ氏名", "Name in kana"),
        both(
            "全角カナ、姓名合わせて15文字以内", f"full-width kana, family and given name together at most {KANA_MOST}"
        ),
        autocomplete="off",
    )
    telephone = _text_field(
        both("電話番号", "Telephone"),
        both("半角数字、ハイフン（-）なし", "half-width digits, no hyphen"),
        inputmode="numeric",
        autocomplete="tel-national",
    )

    def clean_number(self) -> str:
        return right(engraved_number(self.cleaned_data["number"]))

    def clean_kana_name(self) -> str:
        return right(kana_name(self.cleaned_data["kana_name"]))

    def clean_telephone(self) -> str:
        return right(telephone(self.cleaned_data["telephone"]))


class ContactForm(RobotForm):
    """A letter to the operator (PRT-7)."""

    field_order = ["email", "text", "altcha"]
    email = _email_field(both("お返事先のメールアドレス", "Your e-mail address, for the answer"))
    text = forms.CharField(
        label=both("お問い合わせの内容", "What is it about?"),
        help_text=both(
            "クレジットカード番号やパスワードは書かないでください。",
            "Please write no credit card number and no password.",
        ),
        max_length=4_000,
        error_messages={"required": _EMPTY},
        widget=forms.Textarea(attrs={"rows": 8}),
    )
