"""A person as the counter sees him: masked, unless the caller may identify persons."""

from __future__ import annotations

from typing import Any

from enrollment.application.ports import OpenedIdentity
from enrollment.domain.identity import masked_name, masked_number
from enrollment.domain.person import PersonFile


def person_view(file: PersonFile, identity: OpenedIdentity, *, clear: bool) -> dict[str, Any]:
    """The JSON of one person. Masked, the birthday goes too: with region and last digits it would be the whole number."""
    phone = identity.phone
    return {
        "person_id": file.person_id,
        "version": file.version,
        "masked": not clear,
        "cert_type": identity.cert_type,
        "certno": identity.certno if clear else masked_number(identity.certno),
        "name": identity.name if clear else masked_name(identity.name),
        "sex": file.sex,
        "born_on": file.born_on if clear else None,
        "birth_year": file.born_on.year,
        "naty": identity.naty,
        "region": file.region,
        "household_id": file.household_id if clear else None,
        "phone": phone if clear or phone is None else masked_number(phone),
        "coverages": [
            {
                "coverage_id": c.coverage_id,
                "scheme": c.scheme,
                "person_category": c.person_category,
                "begins_on": c.begins_on,
                "ends_on": c.ends_on,
                "state": c.state.value,
                "region": c.region,
                "employer_id": c.employer_id,
                "employer_name": c.employer_name,
                "civil_servant": c.civil_servant,
                "tier": c.tier,
            }
            for c in sorted(file.coverages, key=lambda c: (c.begins_on, c.coverage_id))
        ],
        "classes": [{"code": c.code, "begins_on": c.begins_on, "ends_on": c.ends_on} for c in file.classes],
    }
