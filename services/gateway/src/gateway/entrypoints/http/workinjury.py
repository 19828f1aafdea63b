"""What the work-injury bridge does beyond benefits, through one door: cases, splits, advances, debts, audits, worklists, figures.

Included before the doors whose paths end in ``{act}``, which would take these for unknown acts.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.application.record_document import Paper
from gateway.bootstrap import Gateway
from gateway.domain.document import SUBJECTS
from gateway.entrypoints.http.fields import PLAIN, Filter, Id
from shared.db.once import digest_of
from shared.errors import invalid
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor
from shared.money import MAX_FEN, RATE_ONE
from shared.transactions import OnceKey

BRIDGE: Final = "workinjury-bridge"
CLAIMS: Final = "claims"

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=PLAIN)]
Short = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
Long = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Fen = Annotated[int, Field(gt=0, le=MAX_FEN, description="fen")]
Fens = Annotated[int, Field(ge=0, le=MAX_FEN, description="fen")]


class _Body(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class NoteBody(_Body):
    """What whoever acts has to say."""

    note: Long | None = None


class NothingBody(_Body):
    """Nothing more to say."""


class CaseFactsBody(_Body):
    """What is known of the accident beside the decision; everything is stated anew."""

    filed_on: date | None = None
    accepted_on: date | None = None
    employer_insured: bool = True
    third_party: Literal["none", "unknown"] | None = None
    third_party_id: Code | None = None


class ContestBody(_Body):
    """A review or lawsuit was opened."""

    opened_on: date


class RevocationBody(_Body):
    """A final revocation, and who decided it."""

    decision_no: Short
    final_on: date
    decided_by: Short


class BackPaymentBody(_Body):
    """Premiums and late fees are paid, and since when the employer is insured."""

    effective_on: date
    proof: Short


class AdvanceBody(_Body):
    """An application for an advance payment."""

    applied_on: date


class ServiceBody(NoteBody):
    """The written demand reached the employer."""

    served_on: date


class CircumstanceBody(_Body):
    """How a line outside the catalogue came about."""

    line_id: Code
    circumstance: Literal["emergency", "consented", "unconsented", "unstated"]


class StayFactsBody(_Body):
    """What is known of the stay beside its bill; everything is stated anew."""

    payer: Literal["person", "employer", "heirs"] = "person"
    employer_id: Code | None = None
    prepaid_fen: Fens = 0
    circumstances: list[CircumstanceBody] = Field(default_factory=list, max_length=5000)


class FlagBody(_Body):
    """What a line treats."""

    line_id: Code
    belongs: Literal["injury", "own-disease", "shared", "undecided"]


class SplitBody(NoteBody):
    """Flags on the lines; what is not named treats the injury. Without a ratio shared lines go by direct cost."""

    lines: list[FlagBody] = Field(min_length=1, max_length=5000)
    numerator: int | None = Field(None, ge=0, le=1_000_000_000)
    denominator: int | None = Field(None, ge=1, le=1_000_000_000)


class StaySplitBody(SplitBody):
    """Of a stay that is not settled yet."""

    visit_id: Id


class ReceiptBody(NoteBody):
    """Money came in."""

    amount_fen: Fen
    interest_fen: Fens = 0
    reference: Short


class AgreementBody(NoteBody):
    """Instalments or a guarantee."""

    until: date


class LiabilityBody(NoteBody):
    """The share of fault of the third party."""

    share: int = Field(ge=0, le=RATE_ONE, description="millionths")
    third_party_id: Code | None = None


class DebtorBody(NoteBody):
    """The injured person got this much of the third party's money, or the uninsured employer owes it instead of the third party."""

    amount_fen: Fen
    to: Literal["person", "employer"] = "person"


class InterruptionBody(NoteBody):
    """What makes the time limit of the claim begin anew."""

    kind: Literal["demand", "acknowledged", "suit", "suit-ended"]
    on: date
    reference: Short


class SetOffBody(_Body):
    """The person's consent, or an order, and how much it allows."""

    ground: Literal["consent", "order"]
    document_no: Short
    documented_on: date
    amount_fen: Fen


class WithdrawalBody(_Body):
    """Why nothing more is set off."""

    note: Long


class WriteOffBody(_Body):
    """The document that allows to give the rest up."""

    reference: Short


class FindingBody(_Body):
    """What the audit found on one line."""

    settlement_id: Code
    line_id: Code
    amount_fen: Fen
    charged_on: date | None = None
    reason: Long


class StayCreditBody(_Body):
    """A discharged stay of a person, by the id that the hospital was given (psn_no, mdtrt_id)."""

    person_id: Code
    visit_id: Code


class DocumentBody(_Body):
    """A paper that a decision rests on."""

    subject_kind: Literal["case", "conversion", "recovery", "advance", "deduction", "benefit", "entitlement"]
    subject_id: Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,64}$")]
    name: Short
    reference_no: Short
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SM3 of the file, hex")]
    size_bytes: Annotated[int, Field(ge=1, le=1 << 40)]
    material: Annotated[str, Field(max_length=200, pattern=PLAIN, description="where the paper lies")] = ""


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1; scopes ``recoveries:…``, ``audits:…``, ``conversions:…``, ``injury-cases:…``, ``stay-credits:write``, ``documents:attach``."""
    api = APIRouter(prefix="/v1", tags=["work injury"])
    _cases(api, gateway)
    _conversions(api, gateway)
    _recoveries(api, gateway)
    _audits(api, gateway)
    _worklists(api, gateway)
    _stay_credits(api, gateway)
    _proposals(api, gateway)
    _documents(api, gateway)
    return api


def _cases(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    async def state(caller: Caller, scope: str, case_id: str, act: str, body: BaseModel, key: str) -> Any:
        path = f"/v1/injury-cases/{case_id}"
        return await forward(caller, scope, BRIDGE, path, act, body.model_dump(mode="json"), key)

    @api.post("/injury-cases/{case_id}/facts", summary="State filing, insurance of the employer, a liable third party")
    async def facts(caller: Caller, case_id: Id, body: CaseFactsBody, key: IdempotencyKey) -> Any:
        return await state(caller, "injury-cases:decide", case_id, "facts", body, key)

    @api.post("/injury-cases/{case_id}/contests", summary="A review or lawsuit against the decision was opened")
    async def contest(caller: Caller, case_id: Id, body: ContestBody, key: IdempotencyKey) -> Any:
        return await state(caller, "injury-cases:decide", case_id, "contests", body, key)

    @api.post("/injury-cases/{case_id}/upholdings", summary="The review or lawsuit ended and the decision stands")
    async def uphold(caller: Caller, case_id: Id, key: IdempotencyKey, body: NothingBody | None = None) -> Any:
        return await state(caller, "injury-cases:decide", case_id, "upholdings", body or NothingBody(), key)

    @api.post("/injury-cases/{case_id}/revocations", summary="Record a final revocation")
    async def revoke(caller: Caller, case_id: Id, body: RevocationBody, key: IdempotencyKey) -> Any:
        return await state(caller, "injury-cases:decide", case_id, "revocations", body, key)

    @api.post("/injury-cases/{case_id}/back-payment", summary="An employer that was not insured has paid back")
    async def back_payment(caller: Caller, case_id: Id, body: BackPaymentBody, key: IdempotencyKey) -> Any:
        return await state(caller, "injury-cases:decide", case_id, "back-payment", body, key)

    @api.post("/injury-cases/{case_id}/advances", status_code=201, summary="Apply for an advance payment")
    async def apply(caller: Caller, case_id: Id, body: AdvanceBody, key: IdempotencyKey) -> Any:
        return await state(caller, "recoveries:apply", case_id, "advances", body, key)

    @api.post("/injury-cases/{case_id}/stay-splits", summary="The hospital's flags on the lines of a stay not settled yet")
    async def split_stay(caller: Caller, case_id: Id, body: StaySplitBody, key: IdempotencyKey) -> Any:
        return await forward(
            caller, "conversions:split", BRIDGE, f"/v1/injury-cases/{case_id}", "stay-splits", _given(body), key
        )

    @api.get("/stay-splits/{visit_id}", summary="The split of a stay that is not settled yet")
    async def stay_split(caller: Caller, visit_id: Id) -> Any:
        return await read(caller, "injury-cases:read", BRIDGE, f"/v1/stay-splits/{visit_id}")

    @api.post("/stay-splits/{visit_id}/opinion", summary="The expert's opinion on a disputed split")
    async def decide_stay_split(caller: Caller, visit_id: Id, body: SplitBody, key: IdempotencyKey) -> Any:
        path = f"/v1/stay-splits/{visit_id}"
        return await forward(caller, "conversions:check", BRIDGE, path, "opinion", _given(body), key)

    @api.post("/stay-splits/{visit_id}/{act}", summary="Agree with a split, or ask an expert")
    async def review_stay_split(
        caller: Caller,
        visit_id: Id,
        act: Literal["agree", "dispute"],
        key: IdempotencyKey,
        body: NoteBody | None = None,
    ) -> Any:
        return await forward(caller, "conversions:check", BRIDGE, f"/v1/stay-splits/{visit_id}", act, _given(body), key)

    @api.get("/injury-case-files/{case_id}", summary="Everything that hangs on a case beside its conversions")
    async def case_file(caller: Caller, case_id: Id) -> Any:
        return await read(caller, "injury-cases:read", BRIDGE, f"/v1/injury-cases/{case_id}/file")

    @api.get(
        "/injury-cases/{case_id}/vouchers/{voucher_no}.pdf",
        summary="The voucher of one number on A4: both books, both bank sides, who made and checked it",
        response_class=Response,
        responses={200: {"content": {"application/pdf": {}}}},
    )
    async def voucher(caller: Caller, case_id: Id, voucher_no: Id) -> Response:
        return Response(await gateway.print_voucher(caller, case_id, voucher_no), media_type="application/pdf")


def _conversions(api: APIRouter, gateway: Gateway) -> None:
    forward = gateway.forward_command

    @api.post("/conversions/{conversion_id}/facts", summary="State payer of record, money received, consent")
    async def facts(caller: Caller, conversion_id: Id, body: StayFactsBody, key: IdempotencyKey) -> Any:
        path = f"/v1/conversions/{conversion_id}"
        return await forward(caller, "conversions:check", BRIDGE, path, "facts", body.model_dump(mode="json"), key)

    @api.post("/conversions/{conversion_id}/split", summary="The hospital's flags on the lines of a mixed stay")
    async def propose(caller: Caller, conversion_id: Id, body: SplitBody, key: IdempotencyKey) -> Any:
        path = f"/v1/conversions/{conversion_id}"
        return await forward(caller, "conversions:split", BRIDGE, path, "split", _given(body), key)

    @api.post("/conversions/{conversion_id}/split/opinion", summary="The expert's opinion on a disputed split")
    async def opinion(caller: Caller, conversion_id: Id, body: SplitBody, key: IdempotencyKey) -> Any:
        path = f"/v1/conversions/{conversion_id}"
        return await forward(caller, "conversions:check", BRIDGE, path, "split/opinion", _given(body), key)

    @api.post("/conversions/{conversion_id}/split/{act}", summary="Agree with a split, or ask an expert")
    async def review(
        caller: Caller,
        conversion_id: Id,
        act: Literal["agree", "dispute"],
        key: IdempotencyKey,
        body: NoteBody | None = None,
    ) -> Any:
        path = f"/v1/conversions/{conversion_id}"
        return await forward(caller, "conversions:check", BRIDGE, path, f"split/{act}", _given(body), key)


def _recoveries(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command
    write, approve = "recoveries:write", "recoveries:approve"

    async def on_advance(caller: Caller, scope: str, advance_id: str, act: str, body: BaseModel | None, key: str) -> Any:
        return await forward(caller, scope, BRIDGE, f"/v1/advances/{advance_id}", act, _given(body), key)

    async def on_debt(caller: Caller, scope: str, recovery_id: str, act: str, body: BaseModel | None, key: str) -> Any:
        return await forward(caller, scope, BRIDGE, f"/v1/recoveries/{recovery_id}", act, _given(body), key)

    @api.get("/advances/{advance_id}", summary="One application for an advance payment")
    async def advance(caller: Caller, advance_id: Id) -> Any:
        return await read(caller, "recoveries:read", BRIDGE, f"/v1/advances/{advance_id}")

    @api.post("/advances/{advance_id}/notice", summary="The written demand was served on the employer")
    async def serve(caller: Caller, advance_id: Id, body: ServiceBody, key: IdempotencyKey) -> Any:
        return await on_advance(caller, write, advance_id, "notice", body, key)

    @api.post("/advances/{advance_id}/employer-payment", summary="The employer has paid in time")
    async def paid(caller: Caller, advance_id: Id, key: IdempotencyKey, body: NoteBody | None = None) -> Any:
        return await on_advance(caller, write, advance_id, "employer-payment", body, key)

    @api.post("/advances/{advance_id}/{decision}", summary="The fund advances, or the conditions are not met")
    async def decide(
        caller: Caller,
        advance_id: Id,
        decision: Literal["approve", "reject"],
        key: IdempotencyKey,
        body: NoteBody | None = None,
    ) -> Any:
        return await on_advance(caller, approve, advance_id, decision, body, key)

    @api.get("/recoveries", summary="Debts to the funds, newest first")
    async def debts(
        caller: Caller,
        case_id: Filter = None,
        state: Filter = None,
        debtor: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"case_id": case_id, "state": state, "debtor": debtor, "limit": limit, "after": after}
        return await read(caller, "recoveries:read", BRIDGE, "/v1/recoveries", params)

    @api.get("/recoveries/{recovery_id}", summary="One debt with the money that moved on it")
    async def debt(caller: Caller, recovery_id: Id) -> Any:
        return await read(caller, "recoveries:read", BRIDGE, f"/v1/recoveries/{recovery_id}")

    @api.post("/recoveries/{recovery_id}/demand", summary="The written demand went out")
    async def demand(caller: Caller, recovery_id: Id, key: IdempotencyKey, body: NoteBody | None = None) -> Any:
        return await on_debt(caller, write, recovery_id, "demand", body, key)

    @api.post("/recoveries/{recovery_id}/receipts", summary="Money came in")
    async def receive(caller: Caller, recovery_id: Id, body: ReceiptBody, key: IdempotencyKey) -> Any:
        return await on_debt(caller, "recoveries:receive", recovery_id, "receipts", body, key)

    @api.post("/recoveries/{recovery_id}/agreement", summary="Instalments or a guarantee are agreed")
    async def agree(caller: Caller, recovery_id: Id, body: AgreementBody, key: IdempotencyKey) -> Any:
        return await on_debt(caller, write, recovery_id, "agreement", body, key)

    @api.post("/recoveries/{recovery_id}/enforcement", summary="A transfer order or an execution is out")
    async def enforce(caller: Caller, recovery_id: Id, key: IdempotencyKey, body: NoteBody | None = None) -> Any:
        return await on_debt(caller, write, recovery_id, "enforcement", body, key)

    @api.post("/recoveries/{recovery_id}/liability", summary="The third party's share of fault is fixed")
    async def liability(caller: Caller, recovery_id: Id, body: LiabilityBody, key: IdempotencyKey) -> Any:
        return await on_debt(caller, write, recovery_id, "liability", body, key)

    @api.post("/recoveries/{recovery_id}/debtor", summary="The injured person, or the uninsured employer, owes it instead")
    async def debtor_changed(caller: Caller, recovery_id: Id, body: DebtorBody, key: IdempotencyKey) -> Any:
        return await on_debt(caller, write, recovery_id, "debtor", body, key)

    @api.post("/recoveries/{recovery_id}/interruptions", summary="The time limit of the claim begins anew")
    async def interrupt(caller: Caller, recovery_id: Id, body: InterruptionBody, key: IdempotencyKey) -> Any:
        return await on_debt(caller, write, recovery_id, "interruptions", body, key)

    @api.post(
        "/recoveries/{recovery_id}/set-offs",
        status_code=201,
        summary="Propose to meet a debt to a medical fund from later benefits, by consent or order",
    )
    async def set_off(caller: Caller, recovery_id: Id, body: SetOffBody, key: IdempotencyKey) -> Any:
        return await on_debt(caller, write, recovery_id, "set-offs", body, key)

    @api.get("/set-offs/{set_off_id}", summary="What may be set off of one debt, and what was")
    async def allowed(caller: Caller, set_off_id: Id) -> Any:
        return await read(caller, "recoveries:read", BRIDGE, f"/v1/set-offs/{set_off_id}")

    @api.post("/set-offs/{set_off_id}/approve", summary="From now on every payment meets the debt; another than proposed")
    async def allow(caller: Caller, set_off_id: Id, key: IdempotencyKey, body: NoteBody | None = None) -> Any:
        return await forward(caller, approve, BRIDGE, f"/v1/set-offs/{set_off_id}", "approve", _given(body), key)

    @api.post("/set-offs/{set_off_id}/withdraw", summary="Nothing more is set off")
    async def withdraw(caller: Caller, set_off_id: Id, body: WithdrawalBody, key: IdempotencyKey) -> Any:
        return await forward(caller, write, BRIDGE, f"/v1/set-offs/{set_off_id}", "withdraw", _given(body), key)

    @api.post(
        "/recoveries/{recovery_id}/write-off", status_code=201, summary="Propose to give the rest up; a second person decides"
    )
    async def write_off(caller: Caller, recovery_id: Id, body: WriteOffBody, key: IdempotencyKey) -> Any:
        once = _once(caller, f"write-off/{recovery_id}", key, body)
        return await gateway.propose_act(caller, "write-off", recovery_id, body.model_dump(), once)


def _audits(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    @api.post("/audit-deductions", status_code=201, summary="Propose to cut a line that the fund paid; a second person decides")
    async def deduct(caller: Caller, body: FindingBody, key: IdempotencyKey) -> Any:
        once = _once(caller, "audit-deductions", key, body)
        return await gateway.propose_act(
            caller, "deduction", body.settlement_id, body.model_dump(mode="json", exclude_none=True), once
        )

    @api.get("/audit-deductions/{deduction_id}", summary="One deduction")
    async def deduction(caller: Caller, deduction_id: Id) -> Any:
        return await read(caller, "recoveries:read", BRIDGE, f"/v1/audit-deductions/{deduction_id}")

    @api.post("/audit-deductions/{deduction_id}/{act}", summary="The hospital objects; the deduction stands or is withdrawn")
    async def on_deduction(
        caller: Caller,
        deduction_id: Id,
        act: Literal["objection", "confirm", "withdraw"],
        key: IdempotencyKey,
        body: NoteBody | None = None,
    ) -> Any:
        scope = "audits:object" if act == "objection" else "audits:approve"
        path = f"/v1/audit-deductions/{deduction_id}"
        return await forward(caller, scope, BRIDGE, path, act, _given(body), key)


def _worklists(api: APIRouter, gateway: Gateway) -> None:
    read = gateway.read_owned

    @api.get("/worklists/{kind}", tags=["worklists"], summary="What waits for somebody, the oldest first")
    async def worklist(
        caller: Caller,
        kind: Literal["recoveries", "advances", "deductions", "splits", "stay-splits", "mismatches"],
        opened_since: Annotated[Day | None, Query(description="recoveries only")] = None,
        opened_until: Annotated[Day | None, Query(description="recoveries only")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        days = {"opened_since": opened_since, "opened_until": opened_until} if kind == "recoveries" else {}
        params = {name: value.isoformat() for name, value in days.items() if value is not None}
        asked = {**params, "region": _regions(caller), "limit": limit, "after": after}
        return await read(caller, "recoveries:read", BRIDGE, f"/v1/worklists/{kind}", asked)

    @api.get("/recovery-ages", tags=["worklists"], summary="Number and sum of open debts by age")
    async def ages(caller: Caller) -> Any:
        return await read(caller, "recoveries:read", BRIDGE, "/v1/recovery-ages", {"region": _regions(caller)})

    @api.get("/fund-returns", tags=["worklists"], summary="Money returned to each fund by month, days from decision to refund")
    async def returns(caller: Caller, since: Day, until: Day) -> Any:
        params = {"since": since.isoformat(), "until": until.isoformat(), "region": _regions(caller)}
        return await read(caller, "ledger:read", BRIDGE, "/v1/fund-returns", params)


def _stay_credits(api: APIRouter, gateway: Gateway) -> None:
    read, write = gateway.read_owned, "stay-credits:write"

    @api.get("/stay-credits", tags=["worklists"], summary="Stays whose bills wait for the recognition, with the days left")
    async def listed(
        caller: Caller,
        state: Literal["open", "settled", "withdrawn"] = "open",
        institution_code: Filter = None,
        person_id: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        asked = {"state": state, "institution_code": institution_code, "person_id": person_id, "region": _regions(caller)}
        return await read(caller, "settlements:read", CLAIMS, "/v1/stay-credits", {**asked, "limit": limit, "after": after})

    @api.get("/stay-credits/{credit_id}", tags=["worklists"], summary="One of them")
    async def one(caller: Caller, credit_id: Id) -> Any:
        return await read(caller, "settlements:read", CLAIMS, f"/v1/stay-credits/{credit_id}")

    @api.post("/stay-credits", summary="The hospital gives credit: a discharged stay waits for the recognition")
    async def give(caller: Caller, body: StayCreditBody, key: IdempotencyKey) -> Any:
        given = body.model_dump()
        return await gateway.forward_command.about_person(caller, write, CLAIMS, "/v1/stay-credits", body.person_id, given, key)

    @api.post("/stay-credits/{credit_id}/withdraw", summary="End it without a settlement")
    async def withdraw(caller: Caller, credit_id: Id, key: IdempotencyKey, body: NothingBody | None = None) -> Any:
        _ = body
        return await gateway.forward_command(caller, write, CLAIMS, f"/v1/stay-credits/{credit_id}", "withdraw", {}, key)


def _proposals(api: APIRouter, gateway: Gateway) -> None:
    @api.get("/proposals", tags=["four eyes"], summary="What waits for a second person, the oldest first")
    async def proposals(
        caller: Caller,
        state: Annotated[str | None, Query(pattern="^(open|deciding|done|dropped)$")] = None,
        subject_id: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        start = str(decode_cursor(after, 1)[0]) if after else None
        found = await gateway.list_proposals(caller, state, subject_id, limit, start)
        return {"items": found.items, "next": encode_cursor(found.last_id) if found.last_id else None}

    @api.post("/proposals/{proposal_id}/{act}", tags=["four eyes"], summary="A second person approves, or it is dropped")
    async def decide(
        caller: Caller, proposal_id: Id, act: Literal["approve", "drop"], key: IdempotencyKey, body: NothingBody | None = None
    ) -> dict[str, Any]:
        _ = key, body  # the proposal's own id makes it happen once
        run = gateway.decide_proposal.approve if act == "approve" else gateway.decide_proposal.drop
        return await run(caller, proposal_id)


def _documents(api: APIRouter, gateway: Gateway) -> None:
    @api.get("/decision-documents", tags=["documents"], summary="What a decision rests on, the oldest first")
    async def documents(
        caller: Caller,
        subject_kind: Annotated[str, Query(max_length=20)],
        subject_id: Annotated[str, Query(pattern="^[0-9A-Za-z_-]{1,64}$")],
    ) -> dict[str, Any]:
        if subject_kind not in SUBJECTS:
            raise invalid("gateway.document.subject-unknown", "没有这类决定", "no such kind", field="subject_kind")
        return {"items": await gateway.record_document.of(caller, subject_kind, subject_id), "next": None}

    @api.post("/decision-documents", tags=["documents"], status_code=201, summary="Attach a paper to a decision")
    async def attach(caller: Caller, body: DocumentBody, key: IdempotencyKey) -> dict[str, Any]:
        paper = Paper(**body.model_dump(exclude={"subject_kind", "subject_id"}))
        once = _once(caller, "decision-documents", key, body)
        return await gateway.record_document(caller, body.subject_kind, body.subject_id, paper, once)


def _regions(caller: Caller) -> list[str]:
    return list(caller.region_prefixes)


def _given(body: BaseModel | None) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True) if body is not None else {}


def _once(caller: Caller, scope: str, key: str, body: BaseModel) -> OnceKey:
    return OnceKey(f"{caller.subject}/{scope}", key, digest_of(body.model_dump(mode="json")))
