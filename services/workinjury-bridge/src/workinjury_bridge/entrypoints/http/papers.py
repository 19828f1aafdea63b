"""Bills that injured persons claim with their papers."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.paper_claim import Papers
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Actor, Amount, Body, Id, Long, Short, actor_of, once_key


class PaperLineBody(Body):
    """One line of the invoice."""

    line_id: Id
    amount_fen: Amount
    in_wi_catalogue: bool
    cap_fen: Amount | None = None
    related: bool = True
    consent: bool | None = None
    emergency: bool = False
    occurred_on: date | None = None


class PaperClaimBody(Body):
    """A visit or stay paid in cash."""

    institution_code: Id
    institution_name: Short
    invoice_no: Short
    inpatient: bool
    begun_on: date
    ended_on: date
    lines: list[PaperLineBody] = Field(min_length=1, max_length=5000)
    actor: Actor | None = None


class DecisionBody(Body):
    """Who decides, and why."""

    actor: Actor | None = None
    note: Long | None = None


def paper_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/injury-cases/{id}/paper-claims and /v1/paper-claims; scopes ``injury:write``, ``conversion:approve``."""
    router = APIRouter(prefix="/v1", tags=["paper claims"])

    async def found(paper_claim_id: str) -> dict[str, Any]:
        claim = await bridge.views.paper_claim(paper_claim_id)
        if claim is None:
            raise unknown("paper-claim", "手工报销")
        return claim

    @router.post("/injury-cases/{case_id}/paper-claims", status_code=201, summary="Claim a bill paid in cash (手工报销)")
    async def propose(caller: Caller, key: IdempotencyKey, case_id: Id, body: PaperClaimBody) -> dict[str, Any]:
        case = await bridge.views.case(case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        caller.require("injury:write", case["region"])
        papers = Papers(
            institution_code=body.institution_code,
            institution_name=body.institution_name,
            invoice_no=body.invoice_no,
            inpatient=body.inpatient,
            begun_on=body.begun_on,
            ended_on=body.ended_on,
            lines=tuple(
                BillLine(
                    line_id=line.line_id,
                    amount_fen=line.amount_fen,
                    in_catalogue=line.in_wi_catalogue,
                    cap_fen=line.cap_fen,
                    related=line.related,
                    consent=line.consent,
                    emergency=line.emergency,
                    charged_on=line.occurred_on,
                )
                for line in body.lines
            ),
        )
        once = once_key(caller, f"paper {case_id}", key, body)
        return await bridge.papers.propose(once, case_id, papers, actor_of(caller, body.actor))

    @router.get("/paper-claims/{paper_claim_id}", summary="One claim with its lines")
    async def read(caller: Caller, paper_claim_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        claim = await found(paper_claim_id)
        caller.require("injury:read", claim["region"])
        return claim

    @router.post("/paper-claims/{paper_claim_id}/approve", summary="Second pair of eyes: pay it")
    async def approve(caller: Caller, key: IdempotencyKey, paper_claim_id: Id, body: DecisionBody) -> dict[str, Any]:
        caller.require("conversion:approve", (await found(paper_claim_id))["region"])
        once = once_key(caller, f"approve {paper_claim_id}", key, body)
        return await bridge.papers.approve(once, paper_claim_id, actor_of(caller, body.actor))

    @router.post("/paper-claims/{paper_claim_id}/reject", summary="Nothing is paid")
    async def reject(caller: Caller, key: IdempotencyKey, paper_claim_id: Id, body: DecisionBody) -> dict[str, Any]:
        caller.require("conversion:approve", (await found(paper_claim_id))["region"])
        once = once_key(caller, f"reject {paper_claim_id}", key, body)
        return await bridge.papers.reject(once, paper_claim_id, actor_of(caller, body.actor), body.note)

    return router
