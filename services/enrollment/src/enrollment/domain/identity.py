"""Who a person is: the identity document, checked, and the forms in which it may be shown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.errors import invalid
from shared.ids import resident_id_is_valid

RESIDENT_ID: Final = "01"
"""psn_cert_type of the resident id card (居民身份证)."""

MALE, FEMALE, NOT_STATED = "1", "2", "9"

_MIDDLE_DOTS: Final = str.maketrans(dict.fromkeys("•・‧．.", "·"))
_HOUSEHOLD: Final = re.compile(r"[0-9A-Za-z-]{1,30}")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_REGION: Final = re.compile(r"[0-9]{6}([0-9]{3}([0-9]{3})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A checked identity. For a resident id, sex and birthday are those that the number itself states."""

    cert_type: str
    certno: str
    name: str
    sex: str
    born_on: date
    naty: str
    """Ethnic group (民族), national code; empty when not stated."""

    @property
    def index_text(self) -> str:
        """What the blind index of the document is made of."""
        return f"{self.cert_type}|{self.certno}"


def identify(
    *,
    cert_type: str,
    certno: str,
    name: str,
    today: date,
    sex: str | None = None,
    born_on: date | None = None,
    naty: str | None = None,
) -> Identity:
    """Check what somebody wrote about a person.

    Refuses (INVALID) with ``enrollment.identity.*``: ``certno-wrong`` (length or check digit, GB 11643),
    ``birthday-wrong`` (no such day, or in the future), ``sex-differs``, ``birthday-differs`` (stated otherwise than in the
    number), ``birthday-missing`` (documents that do not tell it), ``name-wrong``, ``cert-type-wrong``, ``sex-wrong``.
    """
    cert_type = cert_type.strip().zfill(2)
    if not re.fullmatch("[0-9]{2}", cert_type):
        raise invalid("enrollment.identity.cert-type-wrong", "证件类型应为两位数字代码", field="cert_type")
    certno = document_number(certno)
    if not 4 <= len(certno) <= 30:
        raise invalid("enrollment.identity.certno-wrong", "证件号码长度不正确", "wrong length", field="certno")
    sex = sex or None
    if sex not in (None, MALE, FEMALE, NOT_STATED):
        raise invalid("enrollment.identity.sex-wrong", "性别应为 1（男）、2（女）或 9（未说明）", field="sex")
    if cert_type == RESIDENT_ID:
        sex, born_on = _of_resident_id(certno, sex, born_on)
    if born_on is None:
        raise invalid("enrollment.identity.birthday-missing", "该类证件须填写出生日期", "born_on is needed", field="born_on")
    if born_on > today:
        raise invalid("enrollment.identity.birthday-wrong", "出生日期晚于今天", "born in the future", field="born_on")
    return Identity(
        cert_type=cert_type,
        certno=certno,
        name=person_name(name),
        sex=sex or NOT_STATED,
        born_on=born_on,
        naty=(naty or "").strip(),
    )


def document_number(text: str) -> str:
    """A document number as it is kept: full-width folded, no blanks, upper case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def person_name(text: str) -> str:
    """A name as it is kept: blanks folded, one kind of middle dot. Refuses an empty or overlong one."""
    name = " ".join(text.split()).translate(_MIDDLE_DOTS)
    if not 1 <= len(name) <= 50:
        raise invalid("enrollment.identity.name-wrong", "姓名应为 1 至 50 个字", "name of 1 to 50 characters", field="name")
    return name


def mobile_number(text: str | None) -> str | None:
    """A mobile number as it is kept, None when there is none. Refuses ``enrollment.identity.phone-wrong``."""
    if not text or not text.strip():
        return None
    number = re.sub(r"[\s-]", "", text).removeprefix("+86")
    if not _MOBILE.fullmatch(number):
        raise invalid("enrollment.identity.phone-wrong", "手机号码应为 11 位", "no mobile number", field="phone")
    return number


def household_number(text: str | None) -> str | None:
    """A household's number (户号) as it is kept, None when there is none. Refuses ``enrollment.identity.household-wrong``."""
    if not text or not text.strip():
        return None
    number = text.strip()
    if not _HOUSEHOLD.fullmatch(number):
        raise invalid(
            "enrollment.identity.household-wrong",
            "户号应为不超过30位的数字、字母或连字符",
            "no household",
            field="household_id",
        )
    return number


def division_code(text: str) -> str:
    """A division code (GB/T 2260: county of 6, town of 9, village of 12 digits). Refuses ``enrollment.identity.region-wrong``."""
    if not _REGION.fullmatch(text):
        raise invalid("enrollment.identity.region-wrong", "区划代码应为 6、9 或 12 位数字", "no division code", field="region")
    return text


def masked_name(name: str) -> str:
    """The surname's first character, the rest as stars."""
    return name[0] + "*" * (len(name) - 1)


def masked_number(number: str) -> str:
    """The last four characters, and of a resident id the city too (``3301**********1234``); the rest as stars."""
    shown = number[:4] if len(number) == 18 else ""
    return shown + "*" * (len(number) - 4 - len(shown)) + number[-4:]


def _of_resident_id(certno: str, sex: str | None, born_on: date | None) -> tuple[str, date]:
    if not resident_id_is_valid(certno):
        raise invalid(
            "enrollment.identity.certno-wrong",
            "身份证号码应为 18 位且校验码正确",
            "resident id fails its check digit",
            field="certno",
        )
    try:
        stated_on = date(int(certno[6:10]), int(certno[10:12]), int(certno[12:14]))
    except ValueError:
        raise invalid(
            "enrollment.identity.birthday-wrong",
            "身份证号码中的出生日期不存在",
            "no such day in the resident id",
            field="certno",
        ) from None
    stated_sex = MALE if int(certno[16]) % 2 else FEMALE
    if sex in (MALE, FEMALE) and sex != stated_sex:
        raise invalid(
            "enrollment.identity.sex-differs", "性别与身份证号码不一致", "sex differs from the resident id", field="sex"
        )
    if born_on is not None and born_on != stated_on:
        raise invalid(
            "enrollment.identity.birthday-differs",
            "出生日期与身份证号码不一致",
            "birthday differs from the resident id",
            field="born_on",
        )
    return stated_sex, stated_on
