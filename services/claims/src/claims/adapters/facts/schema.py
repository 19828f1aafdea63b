"""The columns of a facts file (docs/simulation.md) and what stands for a column that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, get_args

import pyarrow as pa

from claims.domain.adjudication import Care, PersonClass, Place, Status
from claims.domain.adjudication.circumstances import Facility, Rank

FORMAT: Final = "onewindow-fact-columns/1"
"""In each file's metadata under ``onewindow.format``."""
FORMAT_KEY: Final = b"onewindow.format"
ROW_GROUP: Final = 131_072
SEPARATOR: Final = "|"

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Field:
    """A column. ``default``: what holds when it is absent; ``...``: it is required."""

    name: str
    kind: pa.DataType
    meaning: str
    default: Any = ...
    values: tuple[str, ...] = ()
    """The texts that may stand in it; empty: any."""
    many: bool = False
    """Several texts with ``|`` between them."""


FIELDS: Final = (
    Field("person", pa.int64(), "pseudonym of the person, any whole number"),
    Field("order", pa.int64(), "rises from claim to claim of a person as they were settled; absent: as they stand", None),
    Field("scheme", _TEXT, "310 employees, 390 residents", values=("310", "390")),
    Field("region", _TEXT, "region of insurance, six digits"),
    Field("town", _TEXT, "town or street (乡镇街道); only for tables", ""),
    Field("begun_on", pa.date32(), "first day of care; absent: ended_on", None),
    Field("ended_on", pa.date32(), "last day of care; absent: settled_on", None),
    Field("settled_on", pa.date32(), "day of settlement"),
    Field("care", _TEXT, "way of care", values=get_args(Care)),
    Field("level", pa.int8(), "level of the facility: 1, 2, 3"),
    Field("status", _TEXT, "active, retired, resident", values=get_args(Status)),
    Field("classes", _TEXT, "identity classes held", "", values=get_args(PersonClass), many=True),
    Field("place", _TEXT, "where care was given", "local", values=get_args(Place)),
    Field("referred", pa.bool_(), "went there by the rules", True),
    Field("emergency", pa.bool_(), "emergency", False),
    Field("long_term", pa.bool_(), "filed as living elsewhere", False),
    Field("rank", _TEXT, "administrative rank of the facility", "county", values=get_args(Rank)),
    Field("facility", _TEXT, "marks of the facility", "", values=get_args(Facility), many=True),
    Field("age", pa.int16(), "completed years", 40),
    Field("tenure_months", pa.int16(), "months of continuous enrolment", 0),
    Field("zero_claim_years", pa.int16(), "years in a row without a payment", 0),
    Field("disease", _TEXT, "code of the disease or delivery, as the book names it", ""),
    Field("enrolled", _TEXT, "diseases certified", "", many=True),
    Field("tier", _TEXT, "tier of the scheme", ""),
    Field("continues_stay", pa.bool_(), "an earlier part of the stay is settled", False),
    Field("transferred", pa.bool_(), "the stay follows another of the episode", False),
    Field("sessions", pa.int16(), "treatments in the claim", 1),
    Field("total_fen", pa.int64(), "total"),
    Field("self_funded_fen", pa.int64(), "self-funded", 0),
    Field("over_limit_fen", pa.int64(), "over the price limit", 0),
    Field("pre_selfpay_fen", pa.int64(), "pre-selfpay", 0),
    Field("in_scope_fen", pa.int64(), "in scope; the four add up to the total"),
    Field("class_b_fen", pa.int64(), "of what is in scope: class B", 0),
    Field("traditional_fen", pa.int64(), "of what is in scope: traditional medicine", 0),
    Field("flat_fen", pa.int64(), "of what is in scope: lines settled by themselves", 0),
    Field("account_fen", pa.int64(), "what the personal account may pay at most", 0),
    Field("family_account_fen", pa.int64(), "what relatives' accounts may pay at most", 0),
    Field("stay_deductible_fen", pa.int64(), "deductible that earlier parts of the stay were charged", 0),
    Field("episode_deductible_fen", pa.int64(), "deductible that earlier stays of the episode were charged", 0),
)
BY_NAME: Final = {field.name: field for field in FIELDS}
SCHEMA: Final = pa.schema(
    [pa.field(f.name, f.kind, nullable=False, metadata={"meaning": f.meaning}) for f in FIELDS],
    metadata={FORMAT_KEY: FORMAT.encode()},
)
