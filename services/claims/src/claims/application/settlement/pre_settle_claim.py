"""Pre-settle: 2206 and 2303. The same checks, rules and kernel as the settlement; nothing is locked or stored."""

from __future__ import annotations

from claims.application.rule_books.load_books import LiveBooks
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.answering import answer_of
from claims.application.settlement.asked import wanted_of
from claims.application.settlement.commands import PreSettle, SettlementRequest
from claims.application.settlement.ports import VisitReader, YearKey
from claims.application.settlement.settle_claim import FAMILY_ACCOUNTS, decide
from claims.application.settlement.settle_work_injury import SettleWorkInjury
from claims.domain.accounts.sharing import family_available
from claims.domain.institution import Institution
from claims.domain.settlement import VisitToSettle, basis_of, check_visit
from shared.clock import Clock


class PreSettleClaim:
    """Computes what a settlement would give now."""

    def __init__(self, visits: VisitReader, books: LiveBooks, work_injury: SettleWorkInjury, clock: Clock) -> None:
        self._visits = visits
        self._books = books
        self._work_injury = work_injury
        self._clock = clock

    async def __call__(self, command: PreSettle, institution: Institution) -> SettlementAnswer:
        """The answer without a settlement id. Raises Refusal like the settlement itself."""
        visit = check_visit(await self._visits.visit(command.visit_id), wanted_of(command))
        if visit.work_injury:
            return await self._work_injury.trial(command, institution, visit, self._medical)
        return await self._medical(command, institution, visit)

    async def _medical(self, command: SettlementRequest, institution: Institution, visit: VisitToSettle) -> SettlementAnswer:
        basis = basis_of(visit, wanted_of(command), institution, self._books, self._clock.today())
        (basis,) = await self._visits.past([(visit, basis)])
        state = await self._visits.year(YearKey(visit.person_id, visit.scheme, basis.benefit_year))
        balance = await self._visits.account(visit.person_id)
        family = 0
        if command.account_use == FAMILY_ACCOUNTS:
            family = family_available(*await self._visits.relatives(visit.person_id, self._clock.today()))
        decision = decide(command, visit, basis, state, balance, family)
        return answer_of(
            command,
            visit,
            institution,
            basis,
            decision,
            settlement_id=None,
            at=self._clock.now(),
            balance_fen=balance - decision.account_fen,
        )
