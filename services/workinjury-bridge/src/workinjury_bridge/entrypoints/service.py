"""The service: its use cases on HTTP, on events and on time."""

from __future__ import annotations

from shared.http.ledger import ledger_router
from shared.ledger import Book
from shared.runtime import Runtime
from shared.service import Service
from shared.settings import Settings
from workinjury_bridge.bootstrap import METADATA, Bridge, assemble
from workinjury_bridge.entrypoints.deadlines import deadlines, jobs
from workinjury_bridge.entrypoints.events import batch_handlers, handlers
from workinjury_bridge.entrypoints.http.audits import audit_router
from workinjury_bridge.entrypoints.http.benefits import benefit_router
from workinjury_bridge.entrypoints.http.cases import case_router
from workinjury_bridge.entrypoints.http.conversions import conversion_router
from workinjury_bridge.entrypoints.http.double_bills import double_bill_router
from workinjury_bridge.entrypoints.http.interfund_clearings import interfund_clearing_router
from workinjury_bridge.entrypoints.http.out_of_area import out_of_area_router
from workinjury_bridge.entrypoints.http.papers import paper_router
from workinjury_bridge.entrypoints.http.recoveries import recovery_router
from workinjury_bridge.entrypoints.http.recurrences import recurrence_router
from workinjury_bridge.entrypoints.http.settlements import settlement_router
from workinjury_bridge.entrypoints.http.stay_splits import stay_split_router
from workinjury_bridge.entrypoints.http.worklists import worklist_router


def build(settings: Settings) -> Runtime:
    """One process."""
    return runtime_of(assemble(settings))


def runtime_of(bridge: Bridge) -> Runtime:
    """The slots of a process, filled with the use cases."""
    return Runtime(
        settings=bridge.settings,
        db=bridge.db,
        routers=[
            case_router(bridge),
            conversion_router(bridge),
            settlement_router(bridge),
            stay_split_router(bridge),
            benefit_router(bridge),
            recovery_router(bridge),
            audit_router(bridge),
            worklist_router(bridge),
            paper_router(bridge),
            double_bill_router(bridge),
            interfund_clearing_router(bridge),
            out_of_area_router(bridge),
            recurrence_router(bridge),
            ledger_router(bridge.db, bridge.store, frozenset({Book.WI})),
        ],
        handlers=handlers(bridge),
        batch_handlers=batch_handlers(bridge),
        deadlines=deadlines(bridge),
        jobs=jobs(bridge),
        on_stop=[bridge.claims.close],
    )


SERVICE = Service(
    name="workinjury-bridge",
    package="workinjury_bridge",
    description="Injury cases, conversion between the medical funds and the work-injury fund, direct settlement",
    metadata=METADATA,
    bootstrap=build,
)
