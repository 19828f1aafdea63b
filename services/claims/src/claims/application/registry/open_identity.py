"""The identity of a person, opened from its seal for an answer to a HIS."""

from __future__ import annotations

import json
from dataclasses import dataclass

from shared.crypto import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What enrollment sealed."""

    name: str
    cert_type: str
    certno: str
    naty: str


def open_identity(sealer: Sealer, sealed: str) -> Identity:
    """Open ``PersonStated.sealed``. Raises SealBroken when it was not sealed with the suite's data key."""
    fields = json.loads(sealer.open(sealed))
    return Identity(name=fields["name"], cert_type=fields["cert_type"], certno=fields["certno"], naty=fields.get("naty") or "")
