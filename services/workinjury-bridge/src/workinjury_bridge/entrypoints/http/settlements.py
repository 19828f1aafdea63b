"""Direct settlements with the work-injury fund, asked for by claims."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field, model_validator

from shared.codes import code_of
from shared.http.auth import Caller, IdempotencyKey
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.code_map import expect_item
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Amount, Body, CodeBody, Id, Short


class LineBody(Body):
    """One charged line; ``in_wi_catalogue`` decides whether the fund pays it, the medical class is for the record."""

    line_id: Id
    item_code: Short
    code_system: Short | None = Field(None, description="list of item_code: chs:med_list_codg")
    amount_fen: Amount
    medical_class: Short | None = Field(None, alias="class")
    cap_fen: Amount | None = None
    in_wi_catalogue: bool
    consent: bool | None = None
    emergency: bool = False
    related: bool = True


class SettlementBody(Body):
    """A stay to be settled."""

    key: Id
    mode: Literal["trial", "final"]
    visit_id: Id
    person_id: Id
    institution_code: Id
    insurance: CodeBody
    care: CodeBody
    case_id: Id | None = None
    begun_on: date
    ended_on: date
    lines: list[LineBody] = Field(min_length=1, max_length=5000)

    @model_validator(mode="after")
    def _in_order(self) -> SettlementBody:
        if self.ended_on < self.begun_on:
            raise ValueError("ended_on is before begun_on")
        return self


def settlement_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/work-injury-settlements."""
    router = APIRouter(prefix="/v1/work-injury-settlements", tags=["direct settlement"])

    @router.post("", summary="Figures of a stay (trial), or figures reserved under the key (final)")
    async def settle_stay(caller: Caller, key: IdempotencyKey, body: SettlementBody) -> dict[str, Any]:
        caller.require("injury:settle")
        for line in body.lines:
            expect_item(code_of(line.code_system, line.item_code, "item_code"))
        bill = DirectBill(
            key=body.key,
            visit_id=body.visit_id,
            person_id=body.person_id,
            institution_code=body.institution_code,
            insurance=body.insurance.code_for("insurance"),
            care=body.care.code_for("care"),
            case_id=body.case_id,
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
                )
                for line in body.lines
            ),
        )
        if body.mode == "trial":
            return await bridge.settle.trial(bill)
        _ = key  # the bill's own key makes it happen once
        return await bridge.settle.final(bill)

    @router.get("/{key}", summary="State of a direct settlement; ask here when an answer was lost")
    async def read(caller: Caller, key: Id) -> dict[str, Any]:
        caller.require("injury:read")
        found = await bridge.views.direct_settlement(key)
        if found is None:
            raise unknown("settlement", "工伤结算")
        return found

    return router
