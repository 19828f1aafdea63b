"""Ask the owning services to begin: send the start command of every task that runs and was not started."""

from __future__ import annotations

from hashlib import sha256

from gateway.application.ports import Matters, Owners, Store
from gateway.application.record_matter import RecordMatter
from gateway.domain.commands import Call, compose
from gateway.domain.matter import Matter, Task, record_hindrance, record_start, tasks_to_start
from shared.clock import Clock
from shared.errors import Kind, Refusal

BATCH = 50


class StartTasks:
    """Runs right after acceptance, and as a job for what was left over: an owner away, a task set running by an event.

    The command goes out between two transactions under a key of matter, task and form, so that asking twice is harmless.
    """

    def __init__(self, *, store: Store, matters: Matters, owners: Owners, record: RecordMatter, clock: Clock) -> None:
        self._store = store
        self._matters = matters
        self._owners = owners
        self._record = record
        self._clock = clock

    async def __call__(self, matter_id: str) -> None:
        """Start what can be started; an owner that is away is asked again by the job."""
        while True:
            async with self._store.reading() as tx:
                matter = await self._matters.find(tx, matter_id)
            waiting = tasks_to_start(matter) if matter is not None else []
            if matter is None or not waiting:
                return
            for task in waiting:
                if not await self._start(matter, task):
                    return

    async def sweep(self) -> None:
        """The job: every matter with a task to start."""
        async with self._store.reading() as tx:
            matter_ids = await self._matters.ids_to_start(tx, BATCH)
        for matter_id in matter_ids:
            await self(matter_id)

    async def _start(self, matter: Matter, task: Task) -> bool:
        command = task.rule.start
        assert command is not None, "only tasks with a start command are to be started"
        references: dict[str, str] = {}
        hindrance = ""
        try:
            call = compose(command, matter, task, matter.form, matter.accepted_by)
            answer = await self._owners.command(task.rule.owner, call.path, call.body, _key(matter, task, call))
            references = {name: str(answer[name]) for name in command.remember if answer.get(name) is not None}
        except Refusal as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                return False
            hindrance = f"{refusal.zh}（{refusal.code}）"
        code = task.rule.code
        async with self._store.transaction() as tx:
            before = await self._matters.find(tx, matter.matter_id, for_update=True)
            if before is None or code not in {task.rule.code for task in tasks_to_start(before)}:
                return True
            if hindrance:
                after, text = record_hindrance(before, code, hindrance), f"{task.rule.name}受阻：{hindrance}"
            else:
                after, text = record_start(before, code, self._clock.now(), references), ""
            await self._record.changed(tx, before, after, "系统", text)
        return True


def _key(matter: Matter, task: Task, call: Call) -> str:
    # A corrected form is another command, so the key says what is asked.
    asked = ",".join(f"{name}={call.body[name]}" for name in sorted(call.body))
    return f"{matter.matter_id}:{task.rule.code}:start:{sha256(asked.encode()).hexdigest()[:16]}"
