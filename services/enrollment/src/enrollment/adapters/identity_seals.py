"""Identities sealed with the suite's data key (``shared.crypto``)."""

from __future__ import annotations

import json

from enrollment.application.ports import OpenedIdentity, SealedIdentity
from enrollment.domain.identity import Identity
from shared.crypto import Sealer


class SealerSeals:
    """Implements ``IdentitySeals``."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, identity: Identity, phone: str | None) -> SealedIdentity:
        """See ``IdentitySeals``."""
        text = json.dumps(
            {"name": identity.name, "cert_type": identity.cert_type, "certno": identity.certno, "naty": identity.naty},
            ensure_ascii=False,
        )
        return SealedIdentity(
            sealed=self._sealer.seal(text),
            certno_index=self._sealer.index(identity.index_text),
            name_index=self.name_index(identity.name),
            phone_sealed=self._sealer.seal(phone) if phone else None,
        )

    def open(self, sealed: str, phone_sealed: str | None) -> OpenedIdentity:
        """See ``IdentitySeals``."""
        phone = self._sealer.open(phone_sealed).decode() if phone_sealed else None
        return OpenedIdentity(phone=phone, **json.loads(self._sealer.open(sealed)))

    def certno_index(self, cert_type: str, certno: str) -> str:
        """See ``IdentitySeals``."""
        return self._sealer.index(f"{cert_type}|{certno}")

    def name_index(self, name: str) -> str:
        """See ``IdentitySeals``."""
        return self._sealer.index(f"name|{name}")
