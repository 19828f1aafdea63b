"""The work-injury bridge over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from claims.application.late.late_cases import ManualClaim
from claims.application.settlement.settle_work_injury import WorkInjuryOutcome, injury_line
from claims.domain.care_codes import WORK_INJURY, care_of
from claims.domain.kept_part import KeptLine
from claims.domain.settlement import VisitToSettle
from claims.domain.stay_credit import InjuryStanding
from shared.codes import Code
from shared.errors import Kind, Refusal
from shared.http.client import ServiceClient


class HttpWorkInjury:
    """Implements ``WorkInjury``, ``Injuries`` and ``Recognitions``."""

    def __init__(self, bridge: ServiceClient) -> None:
        self._bridge = bridge

    async def decide(
        self, key: str, visit: VisitToSettle, ended_on: date, lines: Sequence[dict[str, Any]], *, final: bool
    ) -> WorkInjuryOutcome:
        """See ``WorkInjury``."""
        body = {
            "key": key,
            "mode": "final" if final else "trial",
            "visit_id": visit.visit_id,
            "person_id": visit.person_id,
            "institution_code": visit.institution_code,
            "insurance": _pair(WORK_INJURY),
            "care": _pair(care_of(visit.med_type, inpatient=visit.inpatient)),
            "begun_on": visit.begun_on.isoformat(),
            "ended_on": ended_on.isoformat(),
            "lines": [injury_line(line) for line in lines],
        }
        answer = await self._bridge.command("/v1/work-injury-settlements", body, f"{key}:{body['mode']}")
        return WorkInjuryOutcome(
            fund_fen=answer["e_fen"],
            person_fen=answer["person_fen"],
            hospital_fen=answer["hospital_fen"],
            kept=tuple(KeptLine(**line) for line in answer["keep_lines"]),
        )

    async def entitling(self, person_id: str, institution_code: str, on: str) -> tuple[tuple[str, ...], str]:
        """See ``Injuries``."""
        asked = {"person_id": person_id, "institution_code": institution_code, "on": on}
        answer = await self._bridge.get("/v1/eligibility", asked)
        if not answer["entitled"]:
            return (), answer["reason"] or ""
        return tuple(injury["case_id"] for injury in answer["injuries"] if injury["entitled"]), ""

    async def standing(self, person_id: str, begun_on: date) -> InjuryStanding:
        """See ``Recognitions``."""
        answer = await self._bridge.get("/v1/stay-recognitions", {"person_id": person_id, "begun_on": begun_on.isoformat()})
        decided_on = answer["decided_on"]
        return InjuryStanding(
            stands=answer["stands"], decided_on=None if decided_on is None else date.fromisoformat(decided_on)
        )


def _pair(code: Code) -> dict[str, str]:
    return {"code_system": code.system.value, "code": code.value}


class HttpPaidElsewhere:
    """Implements ``PaidElsewhere``."""

    def __init__(self, bridge: ServiceClient) -> None:
        self._bridge = bridge

    async def same_bill(self, claim: ManualClaim) -> bool:
        """See ``PaidElsewhere``."""
        asked = {
            "person_id": claim.person_id,
            "institution_code": claim.institution_code,
            "invoice_no": claim.invoice_no or None,
            "begun_on": claim.begun_on.isoformat(),
            "ended_on": claim.ended_on.isoformat(),
            "total_fen": sum(line.amount_fen for line in claim.lines),
        }
        try:
            answer = await self._bridge.get("/v1/work-injury-bills", asked)
        except Refusal as refused:
            if refused.kind is not Kind.UNAVAILABLE:
                raise
            return False
        return any(bill["match"] == "same" for bill in answer["items"])
