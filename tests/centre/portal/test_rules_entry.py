"""What members type in (PRT-1, PRT-3): what is taken, and what is not."""

from datetime import date

import pytest

from centre.portal.rules_entry import (
    Wrong,
    engraved_number,
    kana_name,
    same_name,
    shown_number,
    telephone,
    wrong_with_birth,
    wrong_with_password,
    wrong_with_postal_code,
)

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("Wakamatsu2026", None),
        ("abcdefg1", None),  # 8
        ("a1" * 16, None),  # 32
        ("abcdef1", Wrong.PASSWORD_LENGTH),
        ("a1" * 16 + "b", Wrong.PASSWORD_LENGTH),
        ("", Wrong.PASSWORD_LENGTH),
        ("abcdefgh", Wrong.PASSWORD_LETTERS),
        ("12345678", Wrong.PASSWORD_LETTERS),
        ("abcdefg-1", Wrong.PASSWORD_LETTERS),
        ("abc defg1", Wrong.PASSWORD_LETTERS),
        ("ａｂｃｄｅｆｇ１", Wrong.PASSWORD_LETTERS),  # full width
        ("パスワード1234", Wrong.PASSWORD_LETTERS),
        ("abcdefg１", Wrong.PASSWORD_LETTERS),
        ("bus2026basuko", Wrong.PASSWORD_HAS_ADDRESS),
        ("BASUKO2026bus", Wrong.PASSWORD_HAS_ADDRESS),
    ],
)
def test_prt_1_passwords(password: str, wrong: Wrong | None) -> None:
    assert wrong_with_password(password, "basuko@example.com") == wrong


@pytest.mark.parametrize(
    ("code", "taken"),
    [("9650042", True), ("965-0042", False), ("965004", False), ("96500421", False), ("９６５００４２", False)],
)
def test_prt_1_postal_codes(code: str, taken: bool) -> None:
    assert (wrong_with_postal_code(code) is None) is taken


@pytest.mark.parametrize(
    ("birth", "taken"),
    [
        (date(1990, 4, 1), True),
        (TODAY, True),
        (date(2026, 11, 22), False),
        (date(1906, 11, 23), True),
        (date(1906, 11, 22), False),
        (date.min, False),
    ],
)
def test_prt_1_dates_of_birth(birth: date, taken: bool) -> None:
    assert (wrong_with_birth(birth, TODAY) is None) is taken


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("AZ12345678900972", "AZ12345678900972"),
        ("az1234567890ab72", "AZ1234567890AB72"),
        ("AZ1234567890097", Wrong.ENGRAVED),
        ("AZ123456789009722", Wrong.ENGRAVED),
        ("BZ12345678900972", Wrong.ENGRAVED),
        ("AZ1234567890-972", Wrong.ENGRAVED),
        ("ＡＺ12345678900972", Wrong.ENGRAVED),
        ("AZ1234567890097２", Wrong.ENGRAVED),
        ("AZ1234567890097ß", Wrong.ENGRAVED),
        ("", Wrong.ENGRAVED),
    ],
)
def test_prt_3_engraved_numbers(typed: str, number: str) -> None:
    assert engraved_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("アイズバスコ", "アイズバスコ"),
        ("アイズ バスコ", "アイズバスコ"),
        ("アイズ　バスコ", "アイズバスコ"),
        ("ヴァンローズ", "ヴァンローズ"),
        ("ア" * 15, "ア" * 15),
        ("ア" * 16, Wrong.KANA),
        ("ｱｲｽﾞ", Wrong.KANA),
        ("あいず", Wrong.KANA),
        ("会津", Wrong.KANA),
        ("AIZU", Wrong.KANA),
        ("アイズ1", Wrong.KANA),
        ("　", Wrong.KANA),
    ],
)
def test_prt_3_kana_names(typed: str, name: str) -> None:
    assert kana_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("0242220000", True), ("0242-22-0000", False), ("０２４２", False), ("", False), ("1" * 16, False)],
)
def test_prt_3_telephone_numbers(typed: str, taken: bool) -> None:
    assert (telephone(typed) == typed) is taken


def test_prt_3_a_name_is_the_same_however_it_is_spaced() -> None:
    assert same_name("アイズ　バスコ", "アイズバスコ")
    assert not same_name("アイズ", "アイヅ")


def test_prt_3_a_card_is_shown_by_its_last_four() -> None:
    assert shown_number("AZ12345678900972") == "*****0972"
