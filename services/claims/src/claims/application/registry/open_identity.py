"""The identity of a person, opened from its seal for an answer to a HIS."""

from __future__ import annotations

import json

from claims.domain.settlement import Identity
from shared.crypto import Sealer


def open_identity(sealer: Sealer, sealed: str) -> Identity:
    """Open ``PersonStated.sealed``. Raises SealBroken when it was not sealed with the suite's data key."""
    fields = json.loads(sealer.open(sealed))
    return Identity(name=fields["name"], cert_type=fields["cert_type"], certno=fields["certno"], naty=fields.get("naty") or "")
