"""Propose an act that a second person has to approve before its owner hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners, Proposals
from gateway.domain.proposal import KINDS, Proposal
from shared.auth import Principal
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


class ProposeAct:
    """Refusal ``gateway.proposal.pending`` while another proposal about the same thing is open."""

    def __init__(
        self, *, once: Once, owners: Owners, check_region: CheckRegion, proposals: Proposals, clock: Clock, ids: IdFactory
    ) -> None:
        self._once = once
        self._owners = owners
        self._check_region = check_region
        self._proposals = proposals
        self._clock = clock
        self._ids = ids

    async def __call__(
        self, caller: Principal, kind_code: str, subject_id: str, body: Mapping[str, Any], key: OnceKey
    ) -> dict[str, Any]:
        """The proposal's id. The scope of the kind, in the region of what it is about."""
        kind = KINDS[kind_code]
        caller.require(kind.propose)
        thing: Mapping[str, Any] = {}
        if kind.thing is not None:
            thing = await self._owners.get(kind.owner, kind.thing.format(subject=subject_id))
            await self._check_region(caller, kind.propose, thing)

        async def work(tx: Tx) -> dict[str, Any]:
            proposal = Proposal(
                proposal_id=self._ids.new(),
                kind=kind.code,
                subject_id=subject_id,
                person_id=thing.get("person_id", ""),
                region=thing.get("region"),
                body=body,
                maker=caller.subject,
                maker_name=caller.name,
                proposed_at=self._clock.now(),
            )
            await self._proposals.add(tx, proposal)
            return {"proposal_id": proposal.proposal_id, "state": proposal.state.value}

        return (await self._once.run(key, work))[0]
