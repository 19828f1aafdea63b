"""Allow that a debt to a medical fund is met from later benefits of the work-injury fund: propose, approve, withdraw (B10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Recoveries, SetOffs
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import in_the_future, set_off_exists, unknown
from workinjury_bridge.domain.set_off import SetOff, SetOffGround, expect_set_off


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOffRequest:
    """The consent or the order, and how much it allows."""

    ground: SetOffGround
    document_no: str
    documented_on: date
    most_fen: int
    maker: str


@dataclass(frozen=True, slots=True)
class DecideSetOff:
    """Two people; the money moves when the person is paid the next time (``PayPerson``)."""

    once: Once
    recoveries: Recoveries
    set_offs: SetOffs
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def propose(self, key: OnceKey, recovery_id: str, asked: SetOffRequest) -> dict[str, Any]:
        """Refuses a debt that is not a person's to a medical fund, more than is open, a future document, and a second one at once."""
        if asked.documented_on > self.clock.today():
            raise in_the_future("documented_on", "同意书或决定书日期")

        async def work(tx: Tx) -> dict[str, Any]:
            debt = await self.recoveries.locked(tx, recovery_id)
            if debt is None:
                raise unknown("recovery", "追偿")
            expect_set_off(debt, asked.most_fen)
            if any(not known.ended for known in await self.set_offs.of_recovery(tx, recovery_id)):
                raise set_off_exists()
            proposed = SetOff(
                set_off_id=self.ids.new(),
                recovery_id=recovery_id,
                case_id=debt.case_id,
                person_id=debt.person_id,
                book=debt.book,
                ground=asked.ground,
                document_no=asked.document_no,
                documented_on=asked.documented_on,
                most_fen=asked.most_fen,
                maker=asked.maker,
            )
            return await self._store(tx, proposed)

        return (await self.once.run(key, work))[0]

    async def approve(self, key: OnceKey, set_off_id: str, actor: str) -> dict[str, Any]:
        """From now on every payment meets the debt. Refuses the maker, and a debt that is less by now."""

        async def work(tx: Tx) -> dict[str, Any]:
            found = await self._locked(tx, set_off_id)
            debt = await self.recoveries.get(tx, found.recovery_id)
            if debt is None:
                raise unknown("recovery", "追偿")
            expect_set_off(debt, found.most_fen)
            return await self._store(tx, found.approved(actor))

        return (await self.once.run(key, work))[0]

    async def withdraw(self, key: OnceKey, set_off_id: str, note: str, actor: str) -> dict[str, Any]:
        """What is set off stays; nothing more is."""

        async def work(tx: Tx) -> dict[str, Any]:
            found = await self._locked(tx, set_off_id)
            after = found.withdrawn(note)
            await self.record.run(tx, found.case_id, Act.SET_OFF_WITHDRAWN, actor, found.recovery_id)
            return await self._store(tx, after)

        return (await self.once.run(key, work))[0]

    async def _locked(self, tx: Tx, set_off_id: str) -> SetOff:
        found = await self.set_offs.locked(tx, set_off_id)
        if found is None:
            raise unknown("set-off", "抵扣")
        return found

    async def _store(self, tx: Tx, set_off: SetOff) -> dict[str, Any]:
        await self.set_offs.save(tx, set_off, self.clock.now())
        return {
            "set_off_id": set_off.set_off_id,
            "recovery_id": set_off.recovery_id,
            "state": set_off.state.value,
            "most_fen": set_off.most_fen,
            "applied_fen": set_off.applied_fen,
            "maker": set_off.maker,
            "checker": set_off.checker,
        }
