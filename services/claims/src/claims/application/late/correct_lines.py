"""Put audited lines right: the settlement is decided again with the corrected bill, the difference goes against the institution.

What the fund paid too much for a line the institution owes (1122), what it paid too little it gets (2201); a paper claim's
difference is the person's. Later settlements of the person-year follow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.application.late.corrections import Cause, position_of, with_corrections
from claims.application.late.late_cases import LateCase, charged_line, corrected_fields, correction_of
from claims.application.late.redecide_year import RedecideYear, Ripples
from claims.application.settlement.ports import Settlements, StoredSettlement
from claims.application.settlement.stored_facts import facts_from_json
from claims.domain.adjudication import ClaimFacts
from claims.domain.line_audit import LineAudit, audited, bill_with
from claims.domain.redecision import Change
from claims.domain.refusals import settlement_not_valid, settlement_unknown
from claims.domain.rule_books.in_force import RulesByDay
from shared.errors import conflict, invalid, not_found
from shared.transactions import Tx


class CorrectLines:
    """Checks a correction, and makes it."""

    def __init__(self, settlements: Settlements, redecide: RedecideYear, books: RulesByDay) -> None:
        self._settlements = settlements
        self._redecide = redecide
        self._books = books

    async def check(self, tx: Tx, settlement_id: str, audits: tuple[LineAudit, ...]) -> StoredSettlement:
        """The settlement, if it can be corrected like that now. Refuses otherwise."""
        settlement = await self._settlements.find(tx, settlement_id)
        await self._corrected(tx, settlement, audits)
        assert settlement is not None
        return settlement

    async def correct(self, tx: Tx, case: LateCase, checker: str) -> Ripples:
        """Make an approved correction. Refuses when it does not fit any more."""
        assert case.settlement_id is not None
        command = correction_of(case.settlement_id, case.body)
        settlement = await self._settlements.lock(tx, case.settlement_id)
        facts, lines = await self._corrected(tx, settlement, command.lines)
        assert settlement is not None
        change = Change(
            since=position_of(settlement),
            years=frozenset({settlement.year.benefit_year}),
            facts={settlement.settlement_id: facts},
            visits=frozenset({settlement.visit_id}) if settlement.inpatient else frozenset(),
        )
        cause = Cause(
            reason="line",
            trigger_id=settlement.settlement_id,
            maker=case.maker,
            checker=checker,
            lines=lines,
            text=command.reason,
        )
        balance = await self._settlements.balance(tx, settlement.person_id)
        ripples = await self._redecide(tx, settlement.year, change, cause, balance_fen=balance)
        if not any(c["settlement_id"] == settlement.settlement_id for c in ripples.corrected):
            raise conflict("claims.line.undecided", "该结算不能按更正后的明细重新核定", field="lines")
        return ripples

    async def _corrected(
        self, tx: Tx, settlement: StoredSettlement | None, audits: tuple[LineAudit, ...]
    ) -> tuple[ClaimFacts, dict[str, dict[str, Any]]]:
        if settlement is None:
            raise settlement_unknown("settlement_id")
        if settlement.state != "valid" or settlement.work_injury_key is not None:
            raise settlement_not_valid("work-injury" if settlement.work_injury_key else settlement.state, "settlement_id")
        rules = self._books.under(settlement.rule_digest)
        if rules is None:
            raise conflict("claims.line.rules-gone", "该结算当时的待遇规则已不可用，不能更正", field="settlement_id")
        stored = await self._settlements.lines(tx, settlement.settlement_id)
        lines = {line["line_no"]: charged_line(line) for line in with_corrections(stored, settlement.corrected_lines)}
        by_session = {line["line_no"]: line["sessions"] for line in stored}
        shared = {line["line_no"] for line in stored if "whole_fen" in line}
        returned = {line.returns_line_no for line in lines.values() if line.returns_line_no}
        pairs = []
        if len({audit.line_no for audit in audits}) < len(audits):
            raise invalid("claims.line.twice", "同一条明细在更正中出现两次", field="lines")
        for audit in audits:
            line = lines.get(audit.line_no)
            if line is None:
                raise not_found("claims.line.unknown", f"该结算没有明细{audit.line_no}", field="lines")
            if line.line_no in returned:
                raise conflict("claims.line.returned", f"明细{line.line_no}已有退费，不能更正", field="lines")
            if audit.line_no in shared:
                raise conflict(
                    "claims.line.shared",
                    f"明细{line.line_no}由工伤保险与医疗保险分摊，更正须撤销原结算后重新结算",
                    field="lines",
                )
            if audit.quantity is not None and audit.quantity != line.quantity and by_session.get(line.line_no):
                raise conflict(
                    "claims.line.by-session",
                    f"明细{line.line_no}按治疗次数结算，更正数量须撤销原结算后重新结算",
                    field="lines",
                )
            pairs.append((line, audited(line, audit, class_b_rate=int(rules.version.class_b.rate))))
        facts, _ = facts_from_json(settlement.standing_facts)
        split = bill_with(facts.split, pairs)
        return replace(facts, split=split), {after.line_no: corrected_fields(after) for _, after in pairs}
