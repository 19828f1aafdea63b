"""Employers (参保单位), known by their unified social credit code."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import invalid
from shared.ids import credit_code_is_valid


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """An employer. ``industry_class`` 1 to 8 sets its work-injury premium rate (人社部发〔2015〕71号); None when not classed."""

    employer_id: str
    credit_code: str
    name: str
    region: str
    industry_class: int | None = None


def credit_code(text: str) -> str:
    """A checked unified social credit code (GB 32100). Refuses ``enrollment.employer.credit-code-wrong``."""
    code = "".join(text.split()).upper()
    if not credit_code_is_valid(code):
        raise invalid(
            "enrollment.employer.credit-code-wrong",
            "统一社会信用代码应为 18 位且校验码正确",
            "credit code fails its check digit",
            field="credit_code",
        )
    return code
