"""The work-injury bridge over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from claims.application.late.late_cases import ManualClaim
from claims.application.settlement.settle_work_injury import WorkInjuryOutcome
from claims.domain.care_codes import WORK_INJURY, care_of
from claims.domain.kept_part import KeptLine
from claims.domain.settlement import VisitToSettle
from claims.domain.stay_credit import InjuryStanding
from shared.codes import Code, CodeSystem
from shared.errors import Kind, Refusal
from shared.http.client import ServiceClient
from shared.money import fen_rounded


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
            "lines": [_line(line) for line in lines],
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


def _line(line: dict[str, Any]) -> dict[str, Any]:
    limit = line["price_limit"]
    details: dict[str, Any] = line["details"]
    return {
        "line_id": line["line_no"],
        "item_code": line["item_code"],
        "code_system": CodeSystem.CHS_ITEM.value,
        "amount_fen": line["amount_fen"],
        "class": line["charge_class"],
        "cap_fen": None if limit is None else fen_rounded(limit * line["quantity"]),
        "in_wi_catalogue": line["in_work_injury_catalogue"] or line["charge_class"] in ("A", "B"),
        # hosp_appr_flag 1: the hospital has the patient's consent on file; er_flag marks emergency lines (O dialect).
        "consent": details.get("hosp_appr_flag") == "1",
        "emergency": details.get("er_flag") == "1",
        # 非工伤费用标志: an own disease, which the medical funds settle (B5).
        "related": details.get("make_flag", "").lstrip("0") != "1",
    }
