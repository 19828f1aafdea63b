"""Write a changed matter down, and tell what changed: events, log."""

from __future__ import annotations

from datetime import date

from gateway.application.ports import Matters, Note, Standing
from gateway.domain.matter import Matter, MatterState, TaskState
from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.contracts.gateway import MatterAccepted, MatterClosed, MatterTaskChanged
from shared.transactions import Tx

TASK_STATES = {
    TaskState.WAITING: "等待前置环节",
    TaskState.RUNNING: "办理中",
    TaskState.DONE: "办结",
    TaskState.REFUSED: "未予办理",
}
MATTER_STATES = {
    MatterState.OPEN: "办理中",
    MatterState.DONE: "已办结",
    MatterState.PARTIAL: "已办结，部分环节未予办理",
    MatterState.WITHDRAWN: "已撤回",
}
_LIGHTS = {"green": "绿灯", "yellow": "黄灯", "red": "红灯（超期）", None: "停灯"}


class RecordMatter:
    """Used inside the transaction of the use case that changed the matter."""

    def __init__(self, matters: Matters, calendar: WorkCalendar, clock: Clock) -> None:
        self._matters = matters
        self._calendar = calendar
        self._clock = clock

    async def accepted(self, tx: Tx, matter: Matter) -> None:
        """A new matter: store it, announce it and the tasks that run already."""
        standing = self.standing(matter)
        await self._matters.add(tx, matter, standing)
        tx.emit(
            MatterAccepted(
                matter_id=matter.matter_id,
                receipt_no=matter.receipt_no,
                person_id=matter.person_id,
                matter_code=matter.rule.code,
                matter_name=matter.rule.name,
                accepted_at=matter.accepted_at,
                due_on=standing.due.on,
            )
        )
        await self._note(tx, matter, matter.accepted_by, f"受理，承诺 {standing.due.on} 前办结")
        await self._tell_states(tx, {}, matter, matter.accepted_by)

    async def changed(self, tx: Tx, before: Matter, after: Matter, by: str, text: str = "") -> None:
        """A changed matter: store it, log ``text`` in the name of ``by``, announce tasks that changed state and the end."""
        if text:
            await self._note(tx, after, by, text)
        if after == before:
            return
        await self._matters.save(tx, after, self.standing(after))
        await self._tell_states(tx, before.states(), after, by)
        if before.state is MatterState.OPEN and after.state is not MatterState.OPEN:
            assert after.closed_at is not None, "a matter that is not open has a closing time"
            tx.emit(
                MatterClosed(
                    matter_id=after.matter_id,
                    receipt_no=after.receipt_no,
                    person_id=after.person_id,
                    outcome=after.state.value,
                    closed_at=after.closed_at,
                )
            )
            await self._note(tx, after, by, MATTER_STATES[after.state])

    async def looked_at(self, tx: Tx, matter: Matter, light_before: str | None, due_before: date) -> None:
        """A matter whose clock was looked at: store its standing, log a changed light or due day."""
        standing = self.standing(matter)
        await self._matters.save(tx, matter, standing)
        light = standing.light.value if standing.light else None
        if light != light_before:
            await self._note(tx, matter, "系统", f"{_LIGHTS[light_before]}转{_LIGHTS[light]}")
        if standing.due.on != due_before:
            await self._note(tx, matter, "系统", f"承诺时限由 {due_before} 调整为 {standing.due.on}")

    def standing(self, matter: Matter) -> Standing:
        """The matter's light and due day as of today."""
        today = self._clock.today()
        return Standing(
            light=matter.light(today, self._calendar),
            due=matter.promise(today, self._calendar),
            checked_as=self.checked_as(),
        )

    def checked_as(self) -> str:
        """The day, and which of the years around are announced: with another of either, clocks are looked at again."""
        today = self._clock.today()
        announced = [year for year in range(today.year, today.year + 3) if not self._calendar.is_provisional(year)]
        return f"{today} {','.join(map(str, announced))}"

    async def _tell_states(self, tx: Tx, before: dict[str, TaskState], after: Matter, by: str) -> None:
        for code, state in after.states().items():
            if before.get(code, TaskState.WAITING) is state:
                continue
            task = after.task(code)
            tx.emit(
                MatterTaskChanged(
                    matter_id=after.matter_id,
                    person_id=after.person_id,
                    task_code=code,
                    task_name=task.rule.name,
                    state=state.value,
                    changed_at=after.changed_at(code),
                )
            )
            result = task.outcome
            note = f"，{result.note}" if result is not None and result.note else ""
            await self._note(tx, after, by, f"{task.rule.name}：{TASK_STATES[state]}{note}")

    async def _note(self, tx: Tx, matter: Matter, by: str, text: str) -> None:
        await self._matters.note(tx, matter.matter_id, Note(at=self._clock.now(), by=by, text=text))
