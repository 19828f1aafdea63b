"""Designate an institution, or change what is known of it; everybody else learns of it by event."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from claims.application.registry.ports import Institutions
from claims.domain.adjudication.circumstances import Facility, Rank
from claims.domain.institution import Institution, Switches
from shared.contracts.claims import InstitutionStated
from shared.crypto import Sealer
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StateInstitution:
    """The command; ``secret`` None keeps the present signing secret."""

    code: str
    name: str
    level: int
    region: str
    kind: str = "1"
    active: bool = True
    signature: str = "none"
    access_key: str = ""
    secret: str | None = None
    switches: Switches = field(default_factory=Switches)
    rank: Rank = "county"
    marks: tuple[Facility, ...] = ()


class StateInstitutions:
    """The use case. Refuses what ``Institution`` refuses."""

    def __init__(self, once: Once, institutions: Institutions, sealer: Sealer) -> None:
        self._once = once
        self._institutions = institutions
        self._sealer = sealer

    async def __call__(self, command: StateInstitution, key: OnceKey | None) -> dict[str, Any]:
        """Store the next version and publish it; returns the institution as shown."""

        async def work(tx: Tx) -> dict[str, Any]:
            present = await self._institutions.lock(tx, command.code)
            sealed = present.secret_sealed if present else ""
            # Sealing the same secret again gives another text; stating what is so must not make a new version.
            if command.secret is not None and not (sealed and self._sealer.open(sealed) == command.secret.encode()):
                sealed = self._sealer.seal(command.secret)
            institution = Institution(
                code=command.code,
                version=1,
                name=command.name,
                kind=command.kind,
                level=command.level,
                region=command.region,
                active=command.active,
                signature=command.signature,
                access_key=command.access_key,
                secret_sealed=sealed,
                switches=command.switches,
                rank=command.rank,
                marks=command.marks,
            )
            if present is not None:
                institution = replace(institution, version=present.version)
                if institution == present:
                    return show_institution(present)
                institution = replace(institution, version=present.version + 1)
            await self._institutions.store(tx, institution)
            tx.emit(_stated(institution))
            return show_institution(institution)

        answer, _ = await self._once.run(key, work)
        return answer


def show_institution(institution: Institution) -> dict[str, Any]:
    """The institution for a screen, without its secret."""
    shown = asdict(institution)
    shown["has_secret"] = bool(shown.pop("secret_sealed"))
    return shown


def _stated(institution: Institution) -> InstitutionStated:
    return InstitutionStated(
        institution_code=institution.code,
        version=institution.version,
        name=institution.name,
        level=institution.level,
        region=institution.region,
        active=institution.active,
        signature=institution.signature,
        access_key=institution.access_key,
        secret_sealed=institution.secret_sealed,
        infcode_number=institution.switches.infcode_number,
    )
