"""Replay: decide a stored settlement again, from its stored facts under the rules of its digest, and compare every amount."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from claims.application.rule_books.load_books import LiveBooks
from claims.application.settlement.answering import amounts_of
from claims.application.settlement.ports import Settlements, StoredSettlement
from claims.application.settlement.stored_facts import decision_to_json, facts_from_json
from claims.domain.adjudication import RuleSet, adjudicate
from claims.domain.refusals import settlement_unknown
from claims.domain.rule_books.diff import Difference, differences
from shared.errors import Refusal, conflict
from shared.transactions import Tx, UnitOfWork


class ReplaySettlement:
    """Proves that what was paid follows from what was known."""

    def __init__(self, uow: UnitOfWork, settlements: Settlements, books: LiveBooks) -> None:
        self._uow = uow
        self._settlements = settlements
        self._books = books

    async def __call__(self, settlement_id: str) -> dict[str, Any]:
        """``identical``, and where not the ``differences`` (path, before: as stored, after: as decided now); fen.

        A reversal replays the settlement that it reversed. Refuses an unknown settlement, one that no rule book decided (the
        work-injury fund pays directly), a digest that was never in force here, and a stored answer that breaks its own identities.
        """
        async with self._uow.transaction() as tx:
            found = await self._found(tx, settlement_id)
            columns = await self._settlements.columns(tx, found.settlement_id)
        if not found.facts.get("split"):
            raise conflict(
                "claims.replay.not-decided-here",
                "该结算由工伤保险基金直接支付，不由待遇规则计算",
                "no rule book decided this settlement",
                field="settlement_id",
            )
        if self._books.under(found.rule_digest) is None:
            await self._books.refresh()
        rules = self._books.under(found.rule_digest)
        if rules is None:
            raise conflict(
                "claims.replay.rules-unknown",
                "登记的规则集中没有该结算所用的规则版本",
                f"no rules {found.rule_digest} were registered here",
                field="settlement_id",
                rule_digest=found.rule_digest,
            )
        found_differences = self._compare(found, columns, rules)
        return {
            "settlement_id": settlement_id,
            "replayed": found.settlement_id,
            "person_id": found.person_id,
            "rule_digest": found.rule_digest,
            "rules": f"{rules.region}/{rules.scheme}/{rules.version.version}",
            "identical": not found_differences,
            "differences": [asdict(difference) for difference in found_differences],
        }

    async def _found(self, tx: Tx, settlement_id: str) -> StoredSettlement:
        try:
            found = await self._settlements.find(tx, settlement_id)
            if found is not None and found.reverses is not None:
                found = await self._settlements.find(tx, found.reverses)
        except ValueError as broken:
            raise conflict(
                "claims.replay.answer-broken",
                "该结算保存的结果自相矛盾，与原结算不符",
                f"the stored answer cannot be: {broken}",
                field="settlement_id",
            ) from None
        if found is None:
            raise settlement_unknown("settlement_id")
        return found

    @staticmethod
    def _compare(found: StoredSettlement, columns: Mapping[str, int], rules: RuleSet) -> list[Difference]:
        try:
            decision = adjudicate(rules, *facts_from_json(found.facts))
        except Refusal as refusal:
            return [Difference(path="decision", before="settled", after=refusal.code)]
        again = amounts_of(decision)
        answer = {name: getattr(found.answer, name) for name in again}
        stored = {"decision": found.decision, "answer": answer, "settlement": dict(columns)}
        now = {
            "decision": json.loads(json.dumps(decision_to_json(decision))),  # as it is when it was stored and read
            "answer": again,
            "settlement": {**{n: again[n] for n in columns if n in again}, "fund_fen": decision.funds_fen},
        }
        # What a decision did not state yet when it was stored, and is nothing now, is no difference.
        return [d for d in differences(stored, now) if not (d.before is None and not d.after)]
