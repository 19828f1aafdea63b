"""Act on a running task: forward a decision to the owning service, or record what the window itself decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.ports import Matters, Owners, Store
from gateway.application.record_matter import RecordMatter
from gateway.domain import matter as matters_
from gateway.domain.acceptance import form_faults
from gateway.domain.catalogue import ActionRule, FieldRule
from gateway.domain.commands import compose
from gateway.domain.matter import Result, TaskState, require_action, require_running
from shared.auth import Principal
from shared.clock import Clock
from shared.errors import invalid
from shared.transactions import Once, OnceKey, Tx

REASON = FieldRule(name="reason", label="理由")
PAUSE = ActionRule(code="pause", name="暂停计时", scope="matters:decide", fields=(REASON,))
RESUME = ActionRule(code="resume", name="恢复计时", scope="matters:decide")
RESTART = ActionRule(code="restart", name="更正后重新发起", scope="matters:act")
"""What can be done on every task, whatever the catalogue says. ``restart`` takes fields of the matter's form."""


class ActOnTask:
    """Refusals: those of the owner as they are, ``gateway.matter.task-not-running``, ``.action-unknown``, ``.action-invalid``."""

    def __init__(
        self, *, store: Store, once: Once, matters: Matters, owners: Owners, record: RecordMatter, clock: Clock
    ) -> None:
        self._store = store
        self._once = once
        self._matters = matters
        self._owners = owners
        self._record = record
        self._clock = clock

    async def __call__(
        self, caller: Principal, matter_id: str, task_code: str, action_code: str, values: Mapping[str, Any], key: OnceKey
    ) -> None:
        """Do it once per key."""
        async with self._store.reading() as tx:
            matter = await self._matters.get(tx, matter_id)
        builtin = {action.code: action for action in (PAUSE, RESUME, RESTART)}.get(action_code)
        action = builtin or require_action(matter.task(task_code), action_code)
        caller.require(action.scope, matter.region)
        fields = [field for field in matter.rule.form if field.name in values] if action is RESTART else action.fields
        if faults := form_faults(fields, values):
            raise invalid(
                "gateway.matter.action-invalid", "；".join(faults.values()), f"fields: {sorted(faults)}", faults=faults
            )
        if action.command is None:
            await self._change(caller, matter_id, task_code, action, values, key)
        else:
            await self._forward(caller, matter_id, task_code, action, values, key)

    async def _change(
        self, caller: Principal, matter_id: str, task_code: str, action: ActionRule, values: Mapping[str, Any], key: OnceKey
    ) -> None:
        today, at = self._clock.today(), self._clock.now()

        async def change(tx: Tx) -> dict[str, Any]:
            before = await self._matters.get(tx, matter_id, for_update=True)
            reason = str(values.get("reason", ""))
            if action is PAUSE:
                after = matters_.pause(before, task_code, today, reason)
            elif action is RESUME:
                after = matters_.resume(before, task_code, today)
            elif action is RESTART:
                after = matters_.correct(before, task_code, values)
            else:
                after = matters_.record_result(
                    before, task_code, Result(outcome=TaskState.DONE, at=at, note=f"无需办理：{reason}")
                )
            text = f"{before.task(task_code).rule.name}：{action.name}" + (f"（{reason}）" if reason else "")
            await self._record.changed(tx, before, after, caller.name, text)
            return {}

        await self._once.run(key, change)

    async def _forward(
        self, caller: Principal, matter_id: str, task_code: str, action: ActionRule, values: Mapping[str, Any], key: OnceKey
    ) -> None:
        """The key is taken before the command goes out, so that a repeated request is let through to its owner's answer
        even when the task has ended meanwhile, and other input under the same key is refused with nothing sent."""
        command = action.command
        assert command is not None, "actions without a command are recorded by the window itself"

        async def begin(tx: Tx) -> dict[str, Any]:
            matter = await self._matters.get(tx, matter_id, for_update=True)
            call = compose(command, matter, require_running(matter, task_code), values, caller.subject)
            return {"path": call.path, "body": call.body, "owner": matter.task(task_code).rule.owner}

        call, _ = await self._once.run(OnceKey(f"{key.scope}:begun", key.key, key.digest), begin)
        sent_as = f"{matter_id}:{task_code}:{action.code}:{key.key}"
        answer = await self._owners.command(call["owner"], call["path"], call["body"], sent_as)

        async def end(tx: Tx) -> dict[str, Any]:
            before = await self._matters.get(tx, matter_id, for_update=True)
            known = {name: str(answer[name]) for name in command.remember if answer.get(name) is not None}
            after = matters_.record_references(before, known)
            await self._record.changed(tx, before, after, caller.name, f"{before.task(task_code).rule.name}：{action.name}")
            return {}

        await self._once.run(key, end)
