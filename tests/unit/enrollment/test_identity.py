from datetime import date
from typing import Any

import pytest

from enrollment.domain.identity import (
    Identity,
    division_code,
    identify,
    masked_name,
    masked_number,
    mobile_number,
    person_name,
)
from shared.errors import Kind, Refusal
from shared.ids import resident_id_check_digit

TODAY = date(2026, 3, 2)
WOMAN = "11010519491231002X"  # the example of GB 11643
MAN = "440524188001010014"  # its other example


def resident_id(first17: str) -> str:
    return first17 + resident_id_check_digit(first17)


def identify_as(**changed: Any) -> Identity:
    return identify(**{"cert_type": "01", "certno": WOMAN, "name": "王芳", "today": TODAY, **changed})


def test_sex_and_birthday_come_from_the_number() -> None:
    assert identify_as() == Identity(cert_type="01", certno=WOMAN, name="王芳", sex="2", born_on=date(1949, 12, 31), naty="")
    man = identify_as(certno=MAN)
    assert (man.sex, man.born_on) == ("1", date(1880, 1, 1))


def test_stated_values_that_agree_pass_and_not_stated_is_filled() -> None:
    assert identify_as(sex="2", born_on=date(1949, 12, 31)) == identify_as()
    assert identify_as(sex="9") == identify_as()
    assert identify_as(sex="") == identify_as()


def test_what_people_type_is_normalised() -> None:
    typed = identify_as(cert_type="1", certno=" 110105 19491231 002x ", name="  王  芳 ", naty=" 01 ")
    assert typed == Identity(cert_type="01", certno=WOMAN, name="王 芳", sex="2", born_on=date(1949, 12, 31), naty="01")
    assert identify_as(certno="１１０１０５１９４９１２３１００２Ｘ").certno == WOMAN
    assert typed.index_text == f"01|{WOMAN}"


def test_other_documents_keep_what_is_stated() -> None:
    passport = identify_as(cert_type="08", certno="g1234567", sex=None, born_on=date(1990, 1, 1))
    assert (passport.certno, passport.sex, passport.born_on) == ("G1234567", "9", date(1990, 1, 1))


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"certno": WOMAN[:-1] + "1"}, "certno-wrong", "certno"),
        ({"certno": "110105491231002"}, "certno-wrong", "certno"),
        ({"certno": "123"}, "certno-wrong", "certno"),
        ({"certno": resident_id("11010519491331002")}, "birthday-wrong", "certno"),
        ({"certno": resident_id("42050220260303001")}, "birthday-wrong", "born_on"),
        ({"sex": "1"}, "sex-differs", "sex"),
        ({"sex": "3"}, "sex-wrong", "sex"),
        ({"born_on": date(1949, 12, 30)}, "birthday-differs", "born_on"),
        ({"cert_type": "08"}, "birthday-missing", "born_on"),
        ({"cert_type": "08", "born_on": date(2026, 3, 3)}, "birthday-wrong", "born_on"),
        ({"cert_type": "passport"}, "cert-type-wrong", "cert_type"),
        ({"name": "  "}, "name-wrong", "name"),
        ({"name": "长" * 51}, "name-wrong", "name"),
    ],
)
def test_wrong_identities(changed: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        identify_as(**changed)
    assert (caught.value.kind, caught.value.code, caught.value.field) == (Kind.INVALID, f"enrollment.identity.{code}", field)


def test_one_middle_dot() -> None:
    assert person_name("阿依古丽•买买提") == person_name("阿依古丽．买买提") == "阿依古丽·买买提"


@pytest.mark.parametrize(
    ("text", "number"), [("13812345678", "13812345678"), ("+86 138-1234-5678", "13812345678"), ("", None), (None, None)]
)
def test_mobile_numbers(text: str | None, number: str | None) -> None:
    assert mobile_number(text) == number


@pytest.mark.parametrize("text", ["1381234567", "23812345678", "abc"])
def test_wrong_mobile_numbers(text: str) -> None:
    with pytest.raises(Refusal, match="phone-wrong"):
        mobile_number(text)


@pytest.mark.parametrize("text", ["420502", "420502001", "420502001004"])
def test_division_codes(text: str) -> None:
    assert division_code(text) == text


@pytest.mark.parametrize("text", ["", "42050", "4205020", "42050a", "４２０５０２"])
def test_wrong_division_codes(text: str) -> None:
    with pytest.raises(Refusal, match="region-wrong"):
        division_code(text)


def test_masks() -> None:
    assert masked_name("王芳") == "王*"
    assert masked_name("欧阳修文") == "欧***"
    assert masked_number(WOMAN) == WOMAN[:4] + "**********002X"
    assert masked_number("13812345678") == "*******5678"
