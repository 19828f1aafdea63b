"""Approve a proposed act, which its owner then does, or drop it."""

from __future__ import annotations

from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners, Proposals, Store
from gateway.domain.proposal import KINDS, Proposal, ProposalState
from shared.auth import Principal
from shared.clock import Clock
from shared.errors import Kind, Refusal


class DecideProposal:
    """The owner's command carries the proposal's id as its key, so that a decision interrupted anywhere is taken up again by
    the same person and has one effect. The owner keeps the two people apart once more."""

    def __init__(self, *, store: Store, owners: Owners, check_region: CheckRegion, proposals: Proposals, clock: Clock) -> None:
        self._store = store
        self._owners = owners
        self._check_region = check_region
        self._proposals = proposals
        self._clock = clock

    async def approve(self, caller: Principal, proposal_id: str) -> dict[str, Any]:
        """Refusals: the owner's, which leave the proposal open; ``gateway.proposal.same-hand``, ``.being-decided``, ``.out-of-turn``."""
        seen = await self._seen(caller, proposal_id, approving=True)
        if seen.state is ProposalState.DONE and seen.checker == caller.subject:
            return _answer(seen)
        async with self._store.transaction() as tx:
            taken = (await self._proposals.locked(tx, proposal_id)).taken(caller.subject)
            await self._proposals.save(tx, taken)
        kind = KINDS[taken.kind]
        command = kind.command.format(subject=taken.subject_id)
        body = {**taken.body, "maker": taken.maker, "checker": caller.subject}
        try:
            await self._owners.command(kind.receiver(taken.body), command, body, f"proposal:{proposal_id}")
        except Refusal as refusal:
            if refusal.kind is not Kind.UNAVAILABLE:
                async with self._store.transaction() as tx:
                    await self._proposals.save(tx, (await self._proposals.locked(tx, proposal_id)).reopened())
            raise
        async with self._store.transaction() as tx:
            done = (await self._proposals.locked(tx, proposal_id)).done(self._clock.now())
            await self._proposals.save(tx, done)
        return _answer(done)

    async def drop(self, caller: Principal, proposal_id: str) -> dict[str, Any]:
        """Its maker gives it up, or whoever may approve turns it down."""
        seen = await self._seen(caller, proposal_id, approving=False)
        if seen.state is ProposalState.DROPPED:
            return _answer(seen)
        async with self._store.transaction() as tx:
            dropped = (await self._proposals.locked(tx, proposal_id)).dropped(caller.subject, self._clock.now())
            await self._proposals.save(tx, dropped)
        return _answer(dropped)

    async def _seen(self, caller: Principal, proposal_id: str, *, approving: bool) -> Proposal:
        async with self._store.reading() as tx:
            seen = await self._proposals.get(tx, proposal_id)
        kind = KINDS[seen.kind]
        scope = kind.approve if approving or caller.subject != seen.maker else kind.propose
        caller.require(scope)
        await self._check_region(caller, scope, {"region": seen.region, "person_id": seen.person_id})
        return seen


def _answer(proposal: Proposal) -> dict[str, Any]:
    return {"proposal_id": proposal.proposal_id, "state": proposal.state.value, "checker": proposal.checker}
