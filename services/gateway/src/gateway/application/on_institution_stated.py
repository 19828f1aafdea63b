"""React to the state of an institution: who may send HIS messages, and how they are signed."""

from __future__ import annotations

from gateway.application.ports import InstitutionRegister
from shared.contracts.claims import InstitutionStated
from shared.transactions import Tx


class OnInstitutionStated:
    """Keeps the newest version, whatever the order of arrival."""

    def __init__(self, register: InstitutionRegister) -> None:
        self._register = register

    async def __call__(self, tx: Tx, event: InstitutionStated) -> None:
        """Take it over."""
        await self._register.state(tx, event)
