"""Which use case serves which transaction, and how its result is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from claims.application.filings.cancel_filing import CancelFiling
from claims.application.filings.file_care import FileCare, Filed
from claims.application.header import JIANGSU
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.commands import (
    PreSettle,
    QuerySettlement,
    ReverseByMessage,
    ReverseSettlement,
    Settle,
)
from claims.application.settlement.find_settlement import Found
from claims.application.visits.answers import Done, FeesUploaded, InjuredIdentified, PersonIdentified, SignedIn, VisitOpened
from claims.application.visits.commands import (
    CancelDischarge,
    CancelFees,
    CancelVisit,
    ChangeVisit,
    Discharge,
    IdentifyPerson,
    OpenVisit,
    SignIn,
    UploadFees,
)
from claims.domain.institution import Institution, Switches
from claims.entrypoints.his import answers, answers_work_injury
from claims.entrypoints.his.answers import HisAnswers, Output
from claims.entrypoints.his.envelope import HisRequest
from claims.entrypoints.his.readers import fees, filings, session, settlement, visits, work_injury
from shared.errors import not_found

C_contra = TypeVar("C_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Query(Protocol[C_contra, R_co]):
    """A use case without side effect; its result is written after it returned."""

    async def __call__(self, command: C_contra, institution: Institution, /) -> R_co:
        """Answer the question."""
        ...


class Command(Protocol[C_contra, R_co]):
    """A use case that changes something: it renders and stores its answer in its transaction and returns it after commit."""

    async def __call__(self, command: C_contra, institution: Institution, render: Callable[[R_co], bytes], /) -> bytes:
        """Do it once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HisDesk:
    """The use cases behind the dialect; bootstrap fills it."""

    sign_in: Command[SignIn, SignedIn]
    identify_person: Query[IdentifyPerson, PersonIdentified]
    open_visit: Command[OpenVisit, VisitOpened]
    change_visit: Command[ChangeVisit, Done]
    cancel_visit: Command[CancelVisit, Done]
    discharge: Command[Discharge, Done]
    cancel_discharge: Command[CancelDischarge, Done]
    upload_fees: Command[UploadFees, FeesUploaded]
    cancel_fees: Command[CancelFees, Done]
    pre_settle: Query[PreSettle, SettlementAnswer]
    settle: Command[Settle, SettlementAnswer]
    file_for_care: Command[FileCare, Filed]
    cancel_filing: Command[CancelFiling, Done]
    reverse: Command[ReverseSettlement, SettlementAnswer]
    reverse_by_message: Command[ReverseByMessage, Done]
    query_settlement: Query[QuerySettlement, Found]
    identify_injured: Query[IdentifyPerson, InjuredIdentified]
    open_injury_visit: Command[OpenVisit, VisitOpened]
    upload_numbered_fees: Command[UploadFees, FeesUploaded]


Writer = Callable[[Any], Output | list[Output]]
Served = Callable[[HisRequest, Institution, HisAnswers], Awaitable[bytes]]
"""Serves one request of one transaction: the bytes of its answer."""


def _command(read: Callable[[HisRequest], Any], use_case: Command[Any, Any], write: Callable[[Switches], Writer]) -> Served:
    async def serve(request: HisRequest, institution: Institution, envelope: HisAnswers) -> bytes:
        switches = institution.switches
        writer = write(switches)
        return await use_case(
            read(request), institution, lambda result: envelope.success(request.header, switches, writer(result))
        )

    return serve


def _query(read: Callable[[HisRequest], Any], use_case: Query[Any, Any], write: Callable[[Switches], Writer]) -> Served:
    async def serve(request: HisRequest, institution: Institution, envelope: HisAnswers) -> bytes:
        result = await use_case(read(request), institution)
        return envelope.success(request.header, institution.switches, write(institution.switches)(result))

    return serve


def _always(write: Writer) -> Callable[[Switches], Writer]:
    return lambda _: write


_DONE: Final = _always(answers.done)


class Dispatch:
    """The transactions we serve, by infno."""

    def __init__(self, desk: HisDesk) -> None:
        change_visit = _command(visits.change_visit, desk.change_visit, _DONE)
        pre_settle = _query(settlement.pre_settle_outpatient, desk.pre_settle, answers.settlement)
        settle = _command(settlement.settle_outpatient, desk.settle, answers.settlement)
        opened = _always(answers.visit_opened)
        uploaded = _always(answers.fees_uploaded)
        filed = _always(answers.filed)
        self._served: Final[dict[str, Served]] = {
            "9001": _command(session.sign_in, desk.sign_in, _always(answers.signed_in)),
            "1101": _query(session.identify_person, desk.identify_person, answers.person_identified),
            "2201": _command(visits.register_visit, desk.open_visit, opened),
            "2202": _command(visits.cancel_registration, desk.cancel_visit, _DONE),
            "2203": change_visit,
            "2203A": change_visit,
            "2204": _command(fees.upload_outpatient_fees, desk.upload_fees, uploaded),
            "2205": _command(fees.cancel_outpatient_fees, desk.cancel_fees, _DONE),
            "2206": pre_settle,
            "2206A": pre_settle,
            "2207": settle,
            "2207A": settle,
            "2208": _command(settlement.reverse_outpatient, desk.reverse, answers.reversal),
            "2301": _command(fees.upload_inpatient_fees, desk.upload_fees, uploaded),
            "2302": _command(fees.cancel_inpatient_fees, desk.cancel_fees, _DONE),
            "2303": _query(settlement.pre_settle_inpatient, desk.pre_settle, answers.settlement),
            "2304": _command(settlement.settle_inpatient, desk.settle, answers.settlement),
            "2305": _command(settlement.reverse_inpatient, desk.reverse, answers.reversal),
            "2401": _command(visits.admit, desk.open_visit, opened),
            "2402": _command(visits.discharge, desk.discharge, _DONE),
            "2403": _command(visits.change_admission, desk.change_visit, _DONE),
            "2404": _command(visits.cancel_admission, desk.cancel_visit, _DONE),
            "2405": _command(visits.cancel_discharge, desk.cancel_discharge, _DONE),
            "2501": _command(filings.refer, desk.file_for_care, filed),
            "2502": _command(filings.cancel_referral, desk.cancel_filing, _DONE),
            "2503": _command(filings.certify_disease, desk.file_for_care, filed),
            "2504": _command(filings.cancel_disease, desk.cancel_filing, _DONE),
            "2505": _command(filings.choose_institution, desk.file_for_care, filed),
            "2506": _command(filings.cancel_institution, desk.cancel_filing, _DONE),
            "2601": _command(settlement.reverse_by_message, desk.reverse_by_message, _DONE),
            "5203": _query(settlement.query_settlement, desk.query_settlement, _always(answers.settlement_queried)),
        }

        self._jiangsu: Final[dict[str, Served]] = {
            "9001": _command(work_injury.sign_in, desk.sign_in, _always(answers_work_injury.signed_in)),
            "1101": _query(session.identify_person, desk.identify_injured, _always(answers_work_injury.injured_identified)),
            "2201": _command(work_injury.register, desk.open_injury_visit, _always(answers_work_injury.visit_opened)),
            "2204": _command(fees.upload_outpatient_fees, desk.upload_numbered_fees, uploaded),
        }

    def __call__(self, infno: str, dialect: str = "") -> Served:
        """What serves a transaction. Refuses an infno that we do not serve, naming it."""
        if dialect == JIANGSU and infno in work_injury.UNPUBLISHED:
            raise not_found(
                "claims.his.content-unpublished",
                f"江苏型工伤接口交易{infno}的报文内容未公布，不能受理；请以国家医保接口报文（接收方系统代码GSXT）办理",
                "the content of this transaction is not known",
                field="infno",
            )
        served = (self._jiangsu if dialect == JIANGSU else self._served).get(infno)
        if served is None:
            raise not_found("claims.his.unknown-infno", f"不支持的交易编号(infno)：{infno}", field="infno")
        return served

    def known(self, infno: str) -> str:
        """The infno if we serve it, else ``other``: labels of a metric must not be what a client invents."""
        return infno if infno in self._served else "other"
