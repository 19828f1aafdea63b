"""The bodies of the commands, as JSON has them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from enrollment.application.import_county import ImportedCoverage, ImportRow
from enrollment.application.register_person import RegisterPersonCommand
from shared.contracts.enrollment import IdentityClass
from shared.money import MAX_FEN

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: nobody means them, and PostgreSQL keeps no NUL."""

Short = Annotated[str, Field(max_length=60, pattern=PRINTABLE)]
Fen = Annotated[int, Field(ge=0, le=MAX_FEN, strict=True)]
Id = Annotated[str, Field(max_length=30, pattern=PRINTABLE)]


class _Body(BaseModel):
    """Unknown fields are refused: a mistyped optional field must not pass in silence."""

    model_config = ConfigDict(extra="forbid")


class PersonBody(_Body):
    """A person."""

    cert_type: Short
    certno: Short
    name: Short
    region: Short
    sex: str | None = Field(None, max_length=1)
    born_on: date | None = None
    naty: str | None = Field(None, max_length=3)
    phone: str | None = Field(None, max_length=20)
    household_id: str | None = Field(None, max_length=30)

    def command(self) -> RegisterPersonCommand:
        """For the use case."""
        return RegisterPersonCommand(**{name: getattr(self, name) for name in PersonBody.model_fields})


class EmployerBody(_Body):
    """An employer."""

    credit_code: Short
    name: Annotated[str, Field(max_length=200, pattern=PRINTABLE)]
    region: Short
    industry_class: Annotated[int, Field(ge=1, le=8)] | None = None


class CoverageBody(_Body):
    """A period of cover to declare."""

    scheme: Short
    person_category: Short
    begins_on: date
    year: Annotated[int, Field(ge=1999, le=2100)]
    region: Short
    ends_on: date | None = None
    employer_id: Id | None = None
    civil_servant: bool = False
    tier: Short | None = None
    monthly_base_fen: Fen | None = None
    matter_id: Id | None = None


class StopBody(_Body):
    """The last covered day."""

    ends_on: date


class PaymentBody(_Body):
    """Money that arrived for a premium."""

    amount_fen: Fen
    paid_on: date
    channel: Short
    receipt_no: Short


class HouseholdBody(_Body):
    """The household a person lives in; null: none."""

    household_id: str | None = Field(max_length=30)


class ClassBody(_Body):
    """An identity class."""

    code: Short
    begins_on: date
    ends_on: date | None = None

    def identity_class(self) -> IdentityClass:
        """For the use case."""
        return IdentityClass(code=self.code, begins_on=self.begins_on, ends_on=self.ends_on)


class ImportedCoverageBody(_Body):
    """A paid period of cover in an import."""

    scheme: Short
    person_category: Short
    begins_on: date
    ends_on: date | None = None
    region: Short | None = None
    employer_credit_code: Short | None = None
    civil_servant: bool = False
    tier: Short | None = None

    def imported(self) -> ImportedCoverage:
        """For the use case."""
        return ImportedCoverage(**{name: getattr(self, name) for name in ImportedCoverageBody.model_fields})


class ImportLine(PersonBody):
    """One line of an import."""

    coverages: Annotated[list[ImportedCoverageBody], Field(max_length=50)] = []
    classes: Annotated[list[ClassBody], Field(max_length=50)] = []

    def row(self, line: int) -> ImportRow:
        """For the use case."""
        return ImportRow(
            line=line,
            person=self.command(),
            coverages=[c.imported() for c in self.coverages],
            classes=[c.identity_class() for c in self.classes],
        )
