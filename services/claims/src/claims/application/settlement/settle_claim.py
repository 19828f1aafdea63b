"""Settle: 2207 and 2304, one message or a group of them in one transaction.

The work is written for a group: messages that arrive while a group is being committed form the next one. A group costs a
handful of statements and one commit however many are in it; one that is refused is refused alone. A group of one is the
ordinary case. The order of things in a transaction: locks, then idempotency (a message sent twice waits for the visit's
lock and then finds the stored answer), then the kernel for each in turn with the year's state carried forward, then the
writes. Nothing is answered before the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from claims.application.rule_books.load_books import LiveBooks
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.answering import answer_of
from claims.application.settlement.asked import Asked, ended_credit, facts_of_settling, refuse_recalled, replay, wanted_of
from claims.application.settlement.commands import Settle, SettlementRequest
from claims.application.settlement.find_past import with_past
from claims.application.settlement.grouping import Grouper
from claims.application.settlement.ports import (
    GroupTx,
    MessageKey,
    NewSettlement,
    RelativePayment,
    Render,
    RulesChanged,
    SettlementGroups,
    YearKey,
)
from claims.application.settlement.settle_work_injury import OwnDisease, SettleWorkInjury
from claims.application.settlement.stored_facts import Stay, facts_to_json
from claims.domain.accounts.sharing import Sharing, family_available, shares_of
from claims.domain.adjudication import Decision, YearState, adjudicate
from claims.domain.claim_history import facts_of
from claims.domain.institution import Institution
from claims.domain.refusals import nothing_to_settle
from claims.domain.rule_books.in_force import InForce
from claims.domain.settlement import Basis, VisitToSettle, basis_of, check_visit, fund_payments, journals, under_medical_rules
from shared.clock import Clock, local
from shared.contracts.claims import ClaimSettled
from shared.errors import Refusal
from shared.ids import IdFactory

_AT_MOST: Final = 1000
"""Settlements of one person-year in one group, and more: the numbers of two groups never meet."""

OWN_ACCOUNT: Final = "1"
FAMILY_ACCOUNTS: Final = "2"
"""acct_used_flag: the person's own account; it first, then those of relatives who have authorised it (chs-interface 7.5)."""


def decide(
    command: SettlementRequest, visit: VisitToSettle, basis: Basis, state: YearState, balance_fen: int, family_fen: int = 0
) -> Decision:
    """The kernel on this claim. ``balance_fen``: what the account holds, used only if the person wants it; ``family_fen``: what
    relatives' accounts can pay."""
    usable_fen = balance_fen if command.account_use in (OWN_ACCOUNT, FAMILY_ACCOUNTS) else 0
    facts = facts_of(basis, visit, account_fen=usable_fen, family_fen=family_fen)
    return adjudicate(basis.rules, facts, state)


class SettleClaim:
    """Settles claims, in groups of what arrives together."""

    def __init__(
        self,
        groups: SettlementGroups,
        books: LiveBooks,
        work_injury: SettleWorkInjury,
        clock: Clock,
        ids: IdFactory,
        *,
        max_group: int = 32,
        in_flight: int = 2,
    ) -> None:
        self._groups = groups
        self._books = books
        self._work_injury = work_injury
        self._clock = clock
        self._ids = ids
        self._grouper: Grouper[Asked, bytes | None] = Grouper(self.settle_group, max_group=max_group, in_flight=in_flight)

    async def __call__(self, command: Settle, institution: Institution, render: Render) -> bytes:
        """The rendered answer; a resend gets the stored bytes word for word. Raises Refusal."""
        return await self.run(Asked(command, institution, render))

    async def run(self, asked: Asked) -> bytes:
        """The same, whoever asks."""
        direct = asked.credit is not None and asked.credit.direct
        rendered = None if direct else await self._grouper.submit(asked)
        while rendered is None:
            try:
                rendered = await self._work_injury(asked, self._own_disease)
            except RulesChanged:
                await self._books.refresh()
        return rendered

    async def _own_disease(self, tx: GroupTx, asked: Asked, visit: VisitToSettle) -> OwnDisease | None:
        """What of a mixed stay is no work injury, decided like any other claim; None: to be decided anew. Raises Refusal."""
        books = self._books.now
        settled_on = self._clock.today() if asked.credit is None else asked.credit.rules_on
        basis = basis_of(visit, wanted_of(asked.command), asked.institution, books, settled_on)
        results: list[bytes | Refusal | None] = [None]
        decided = await self._decide(tx, [(0, asked, visit, basis)], results)
        if decided is None:
            return None
        if isinstance(results[0], Refusal):
            raise results[0]
        (settlement,), years = decided
        return OwnDisease(settlement, years, books.edition)

    async def settle_group(self, group: Sequence[Asked]) -> list[bytes | Refusal | None]:
        """All of a group in one transaction; the result of each in order, None for a stay that the work-injury fund settles.

        Raises only what fails the whole transaction. Begins anew when the rules in force are others than it decided by, and when,
        between reading visit and person and locking the year, the year was decided again: for other classes of the person, or
        with another deductible of the stay's earlier parts."""
        while True:
            books = self._books.now
            try:
                async with self._groups.transaction() as tx:
                    decided = await self._decide_group(tx, group, books)
                    if decided is not None:
                        results, new, years = decided
                        if new:
                            await tx.write(new, years, books.edition)
                        return results
            except RulesChanged:
                await self._books.refresh()

    async def _decide_group(
        self, tx: GroupTx, group: Sequence[Asked], books: InForce
    ) -> tuple[list[bytes | Refusal | None], list[NewSettlement], dict[YearKey, YearState]] | None:
        visits = await tx.lock_visits(sorted({a.command.visit_id for a in group}))
        stored = await tx.answers([a.message for a in group])
        recalled = await tx.recalled([a.message for a in group])
        today = self._clock.today()
        results: list[bytes | Refusal | None] = []
        bases: list[tuple[int, Asked, VisitToSettle, Basis]] = []
        for i, asked in enumerate(group):
            known = replay(asked, stored) or refuse_recalled(asked, recalled)
            results.append(known)
            if known is not None:
                continue
            try:
                wanted = wanted_of(asked.command)
                visit = check_visit(visits.get(asked.command.visit_id), wanted)
                credit = asked.credit
                if credit is not None:
                    credit.expect(visit.credit_id)
                    visit = under_medical_rules(visit) if visit.work_injury else visit
                elif visit.work_injury:
                    continue
                settled_on = today if credit is None else credit.rules_on
                bases.append((i, asked, visit, basis_of(visit, wanted, asked.institution, books, settled_on)))
            except Refusal as refusal:
                results[i] = refusal
        decided = await self._decide(tx, bases, results)
        return None if decided is None else (results, *decided)

    async def _decide(
        self, tx: GroupTx, bases: Sequence[tuple[int, Asked, VisitToSettle, Basis]], results: list[bytes | Refusal | None]
    ) -> tuple[list[NewSettlement], dict[YearKey, YearState]] | None:
        """Lock years and accounts, and decide each in turn; answers and refusals go to their place in ``results``."""
        keys = sorted({YearKey(v.person_id, v.scheme, b.benefit_year) for _, _, v, b in bases})
        locked = await tx.lock_years(keys) if keys else {}
        today = self._clock.today()
        if any(
            v.person_version < locked[YearKey(v.person_id, v.scheme, b.benefit_year)].person_version for _, _, v, b in bases
        ):
            return None
        parts = {v.visit_id: v.stay_deductible_fen for _, _, v, _ in bases if v.continues_stay}
        if parts and parts != await tx.earlier_parts(sorted(parts)):
            return None
        told = await with_past(tx.past, [(visit, basis) for _, _, visit, basis in bases])
        bases = [(i, asked, visit, basis) for (i, asked, visit, _), basis in zip(bases, told, strict=True)]
        years = {key: year.state for key, year in locked.items()}
        numbers = {key: (year.version + 1) * _AT_MOST for key, year in locked.items()}
        families = sorted({v.person_id for _, a, v, _ in bases if a.command.account_use == FAMILY_ACCOUNTS})
        sharings = {p: list(given) for p, given in (await tx.lock_sharings(families, today)).items()} if families else {}
        payers = {v.person_id for _, _, v, _ in bases if _may_have_account(v)}
        payers |= {sharing.holder_id for given in sharings.values() for sharing in given}
        balances = dict(await tx.lock_accounts(sorted(payers))) if payers else {}
        new: list[NewSettlement] = []
        taken: set[str] = set()
        answered: dict[MessageKey, tuple[str, bytes]] = {}
        touched: dict[YearKey, YearState] = {}
        for i, asked, visit, basis in bases:
            # Two messages of one group may be one message sent twice, or two on the same batch.
            known = replay(asked, answered)
            if known is not None:
                results[i] = known
                continue
            if taken & {b.batch_id for b in basis.batches}:
                results[i] = nothing_to_settle(settled=True)
                continue
            key = YearKey(visit.person_id, visit.scheme, basis.benefit_year)
            balance = balances.get(visit.person_id, 0)
            family = sharings.get(visit.person_id, []) if asked.command.account_use == FAMILY_ACCOUNTS else []
            try:
                decision = decide(asked.command, visit, basis, years[key], balance, family_available(family, balances))
                relatives = relatives_pay(decision, family, balances)
                settlement = self._new(asked, visit, basis, decision, key, balance, relatives, numbers[key])
            except Refusal as refusal:
                results[i] = refusal
                continue
            years[key] = touched[key] = decision.after
            numbers[key] += 1
            if decision.account_fen:
                balances[visit.person_id] = balance - decision.account_fen
            for paid in settlement.relatives:
                balances[paid.share.payer_id] = paid.balance_fen
                sharings[visit.person_id] = [sharing.after(paid.share) for sharing in sharings[visit.person_id]]
            taken |= set(settlement.batch_ids)
            answered[asked.message] = (settlement.digest, settlement.rendered)
            new.append(settlement)
            results[i] = settlement.rendered
        return new, touched

    def _new(
        self,
        asked: Asked,
        visit: VisitToSettle,
        basis: Basis,
        decision: Decision,
        key: YearKey,
        balance: int,
        relatives: tuple[RelativePayment, ...],
        year_no: int,
    ) -> NewSettlement:
        command, now = asked.command, self._clock.now()
        settlement_id = self._ids.new()
        after = balance - decision.account_fen
        answer = answer_of(
            command, visit, asked.institution, basis, decision, settlement_id=settlement_id, at=now, balance_fen=after
        )
        entries = journals(
            decision.payments,
            settlement_id=settlement_id,
            person_id=visit.person_id,
            institution_code=visit.institution_code,
            booked_on=local(now).date() if asked.credit is None else asked.credit.booked_on,
            ids=self._ids,
        )
        event = settled_event(visit, asked.institution, basis, decision, answer)
        ended = ended_credit(asked, visit)
        return NewSettlement(
            settlement_id=settlement_id,
            visit=visit,
            batch_ids=tuple(b.batch_id for b in basis.batches),
            year=key,
            message=asked.message,
            digest=command.header.input_digest,
            settled_at=now,
            answer=answer,
            decision=decision,
            entries=tuple(entries),
            events=facts_of_settling(event, ended),
            rendered=asked.render(answer),
            ended_credit=ended,
            year_no=year_no,
            account_balance_fen=after if decision.account_fen else None,
            relatives=relatives,
            rule_digest=basis.rules.digest,
            facts=facts_to_json(
                basis.rules, decision.facts, decision.before, Stay(tuple(sorted(basis.episode)), basis.defers_deductible)
            ),
        )


def settled_event(
    visit: VisitToSettle, institution: Institution, basis: Basis, decision: Decision, answer: SettlementAnswer
) -> ClaimSettled:
    """The fact that a claim was settled."""
    assert answer.settlement_id is not None
    return ClaimSettled(
        settlement_id=answer.settlement_id,
        visit_id=visit.visit_id,
        person_id=visit.person_id,
        institution_code=visit.institution_code,
        institution_name=institution.name,
        scheme=visit.scheme,
        med_type=answer.med_type,
        inpatient=visit.inpatient,
        begun_on=visit.begun_on,
        ended_on=basis.ended_on,
        settled_at=answer.settled_at,
        benefit_year=basis.benefit_year,
        total_fen=answer.total_fen,
        self_funded_fen=answer.self_funded_fen,
        over_limit_fen=answer.over_limit_fen,
        pre_selfpay_fen=answer.pre_selfpay_fen,
        in_scope_fen=answer.in_scope_fen,
        payments=fund_payments(decision),
        cash_fen=answer.cash_fen,
        hospital_fen=answer.hospital_fen,
        rule_digest=basis.rules.digest,
        injury_suspect=visit.injury_suspect,
        invoice_no=answer.invoice_no or None,
    )


def relatives_pay(decision: Decision, sharings: Sequence[Sharing], balances: Mapping[str, int]) -> tuple[RelativePayment, ...]:
    """Who pays the family part of a decision, and what is left in each account."""
    return tuple(
        RelativePayment(share, balances[share.payer_id] - share.amount_fen)
        for share in shares_of(decision.family_fen, sharings, balances)
    )


def _may_have_account(visit: VisitToSettle) -> bool:
    return visit.scheme != "390"
