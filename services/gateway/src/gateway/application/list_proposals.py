"""List what waits for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Proposals, Store
from gateway.domain.proposal import KINDS, Proposal
from shared.auth import Principal


@dataclass(frozen=True, slots=True)
class Proposed:
    """One page."""

    items: list[dict[str, Any]]
    last_id: str | None
    """Where the next page begins, None on the last one."""


class ListProposals:
    """Scope ``recoveries:read``; without what lies in regions that the caller may not see."""

    def __init__(self, *, store: Store, check_region: CheckRegion, proposals: Proposals) -> None:
        self._store = store
        self._check_region = check_region
        self._proposals = proposals

    async def __call__(
        self, caller: Principal, state: str | None, subject_id: str | None, limit: int, after: str | None
    ) -> Proposed:
        """At most ``limit`` proposals, the oldest first."""
        caller.require("recoveries:read")
        async with self._store.reading() as tx:
            found = await self._proposals.page(tx, state, subject_id, limit + 1, after)
        shown = {"items": [_view(proposal) for proposal in found[:limit]]}
        seen = await self._check_region(caller, "recoveries:read", shown)
        return Proposed(seen["items"], found[limit - 1].proposal_id if len(found) > limit else None)


def _view(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal_id": proposal.proposal_id,
        "kind": proposal.kind,
        "name": KINDS[proposal.kind].name,
        "subject_id": proposal.subject_id,
        "person_id": proposal.person_id,
        "region": proposal.region,
        "body": dict(proposal.body),
        "maker": proposal.maker,
        "maker_name": proposal.maker_name,
        "proposed_at": proposal.proposed_at,
        "state": proposal.state.value,
        "checker": proposal.checker,
        "decided_at": proposal.decided_at,
    }
