"""Who owes or is owed beside the funds: a person, heirs, an employer, a liable third party (B0.1, B0.4).

A party is named as the books name it: ``P:<person>``, ``HEIRS:<person>``, ``E:<employer>``, ``T:<third party>``.
"""

from __future__ import annotations

from typing import Final

from shared.ledger.books import (
    DUE_FROM_EMPLOYER,
    DUE_FROM_PERSON,
    DUE_FROM_THIRD_PARTY,
    DUE_TO_EMPLOYER,
    DUE_TO_PERSON,
)

UNKNOWN_THIRD_PARTY: Final = "T:UNKNOWN"
"""The liable third party is not known yet (社会保险法 art. 42)."""

_RECEIVABLE: Final = {
    "P": DUE_FROM_PERSON,
    "HEIRS": DUE_FROM_PERSON,
    "E": DUE_FROM_EMPLOYER,
    "T": DUE_FROM_THIRD_PARTY,
}


def person(person_id: str) -> str:
    """The injured person."""
    return f"P:{person_id}"


def heirs(person_id: str) -> str:
    """The heirs of the injured person."""
    return f"HEIRS:{person_id}"


def employer(employer_id: str) -> str:
    """An employer."""
    return f"E:{employer_id}"


def third_party(third_party_id: str) -> str:
    """A third party liable for the injury."""
    return f"T:{third_party_id}"


def is_employer(party: str) -> bool:
    """Whether the party is an employer."""
    return party.startswith("E:")


def is_third_party(party: str) -> bool:
    """Whether the party is a third party."""
    return party.startswith("T:")


def is_other(party: str) -> bool:
    """Whether the party is neither the injured person nor anybody in its place: an employer or a third party."""
    return is_employer(party) or is_third_party(party)


def receivable(party: str) -> str:
    """Account of what the party owes a fund: 1123, 1124 or 1125."""
    return _RECEIVABLE[party.partition(":")[0]]


def payable(party: str) -> str:
    """Account of what a fund owes the party: 2204 or 2203. A third party is owed only what came in beyond its claim after an audit (B12);
    what it paid before a recognition was revoked is the person's."""
    return DUE_TO_EMPLOYER if is_employer(party) else DUE_TO_PERSON
