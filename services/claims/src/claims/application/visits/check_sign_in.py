"""Institutions may be configured so that nothing works before the operator's sign-in of the day (9001)."""

from __future__ import annotations

from claims.application.header import HisHeader
from claims.application.registry.ports import SignIns
from claims.domain.institution import Institution
from shared.clock import Clock
from shared.errors import conflict
from shared.transactions import UnitOfWork

SIGN_IN_INFNO = "9001"


class CheckSignIn:
    """Refuses ``claims.his.not-signed-in`` where the institution's switch asks for a sign-in; lenient by default."""

    def __init__(self, uow: UnitOfWork, sign_ins: SignIns, clock: Clock) -> None:
        self._uow = uow
        self._sign_ins = sign_ins
        self._clock = clock

    async def __call__(self, header: HisHeader, institution: Institution) -> None:
        """Pass, or refuse."""
        if not institution.switches.sign_in_required or header.infno == SIGN_IN_INFNO:
            return
        async with self._uow.transaction() as tx:
            signed_in = await self._sign_ins.holds(
                tx, sign_no=header.sign_no, institution_code=institution.code, on=self._clock.today()
            )
        if not signed_in:
            raise conflict("claims.his.not-signed-in", "当日未签到，请先签到(9001)并上传签到流水号(sign_no)", field="sign_no")
