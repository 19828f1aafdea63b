"""Accept an application: papers checked once, a receipt number given, tasks set going."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.application.ports import Matters, Owners
from gateway.application.record_matter import RecordMatter
from gateway.domain.acceptance import Material, MaterialState, form_faults, review_materials
from gateway.domain.catalogue import Catalogue, MatterRule
from gateway.domain.matter import Matter, new_tasks
from gateway.domain.receipt import receipt_number
from shared.auth import Principal
from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.errors import forbidden, invalid, not_found
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the applicant brings."""

    matter_code: str
    person_id: str | None
    person: Mapping[str, Any] | None
    """A person not yet registered, as enrollment takes it; instead of ``person_id``."""
    form: Mapping[str, Any]
    materials: Mapping[str, str]
    """Papers brought: code to reference."""
    defer: bool
    """The applicant promises in writing to bring the papers that may follow (容缺)."""


class AcceptMatter:
    """Refusals: ``gateway.matter.unknown``, ``.person-missing``, ``.form-invalid``, ``.materials-missing`` (all at once)."""

    def __init__(
        self,
        *,
        once: Once,
        matters: Matters,
        owners: Owners,
        record: RecordMatter,
        catalogue: Catalogue,
        calendar: WorkCalendar,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._once = once
        self._matters = matters
        self._owners = owners
        self._record = record
        self._catalogue = catalogue
        self._calendar = calendar
        self._clock = clock
        self._ids = ids

    async def __call__(self, caller: Principal, application: Application, key: OnceKey) -> str:
        """The id of the matter; the same for the same key."""
        today = self._clock.today()
        rule = self._catalogue.find(application.matter_code, today)
        if rule is None:
            raise not_found("gateway.matter.unknown", f"没有事项“{application.matter_code}”", field="matter_code")
        if faults := form_faults(rule.form, application.form):
            raise invalid(
                "gateway.matter.form-invalid",
                "；".join(faults.values()),
                f"form: {sorted(faults)}",
                field="form",
                faults=faults,
            )
        person_id, region = await self._person(caller, application, key)

        async def accept(tx: Tx) -> dict[str, Any]:
            papers = await self._papers(tx, rule, application, person_id, today)
            at = self._clock.now()
            matter_id = self._ids.new()
            serial = await self._matters.next_serial(tx, rule.number, today)
            matter = Matter(
                matter_id=matter_id,
                receipt_no=receipt_number(rule.number, today, serial),
                rule=rule,
                person_id=person_id,
                region=region,
                accepted_at=at,
                accepted_by=caller.name,
                form=application.form,
                materials=papers,
                tasks=new_tasks(rule, at),
                references={"matter_id": matter_id, "person_id": person_id, "region": region},
            )
            await self._record.accepted(tx, matter)
            return {"matter_id": matter_id}

        answer, _ = await self._once.run(key, accept)
        return str(answer["matter_id"])

    async def _person(self, caller: Principal, application: Application, key: OnceKey) -> tuple[str, str]:
        """Who applies, registered first if need be (the same id number gives the same person), and the region."""
        if application.person_id is not None:
            path = f"/v1/persons/{application.person_id}"
            known = await self._owners.get("enrollment", path, masked=True)
            region = str(known.get("region") or application.form.get("region", ""))
        elif application.person is not None:
            region = str(application.person.get("region", ""))
        else:
            raise invalid("gateway.matter.person-missing", "请先选定申请人", "person_id or person is needed", field="person_id")
        if not caller.covers(region):
            raise forbidden("gateway.matter.region-not-granted", f"您无权办理该区划（{region}）的业务", region=region)
        if application.person_id is not None:
            return application.person_id, region
        registered = await self._owners.command("enrollment", "/v1/persons", application.person or {}, f"{key.key}:person")
        return str(registered["person_id"]), region

    async def _papers(
        self, tx: Tx, rule: MatterRule, application: Application, person_id: str, today: date
    ) -> tuple[Material, ...]:
        held = await self._matters.held(tx, person_id)
        review = review_materials(rule.materials, application.materials, held, today)
        missing = [*review.missing, *([] if application.defer else review.deferrable)]
        if missing:
            names = "、".join(paper.name + ("（可容缺）" if paper.deferrable_days else "") for paper in missing)
            raise invalid(
                "gateway.matter.materials-missing",
                f"一次性告知，还缺：{names}",
                f"missing: {[paper.code for paper in missing]}",
                field="materials",
                missing=[
                    {"code": paper.code, "name": paper.name, "deferrable_days": paper.deferrable_days} for paper in missing
                ],
            )
        deferred = [
            Material(
                code=paper.code,
                name=paper.name,
                state=MaterialState.DEFERRED,
                due_on=self._calendar.add_working_days(today, paper.deferrable_days).on,
            )
            for paper in review.deferrable
        ]
        return (*review.materials, *deferred)
