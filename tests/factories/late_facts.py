"""Late facts at a hospital desk: classes stated anew, paper claims, corrections; and what must hold after each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from claims.application.settlement.stored_facts import facts_from_json
from claims.domain.adjudication import BOOK_SUFFIX, RuleBooks, YearState, adjudicate
from claims.settings import read_claims_settings
from shared.contracts.enrollment import IdentityClass, PersonStated
from shared.rules import rule_texts
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk, read
from tests.factories.his_messages import INSTITUTION, Json

BOOKS = RuleBooks.read(rule_texts(read_claims_settings({}).rule_books, BOOK_SUFFIX))
_KEYS = count(1)

_STANDING = """
    SELECT s.settlement_id, s.visit_id, s.inpatient, s.scheme, s.benefit_year, s.rule_digest, s.infno,
           coalesce(c.facts, s.facts)::jsonb AS facts, coalesce(c.decision, s.decision)::jsonb AS decision,
           coalesce(c.total_fen, s.total_fen) AS total_fen, coalesce(c.account_fen, s.account_fen) AS account_fen,
           coalesce(c.cash_fen, s.cash_fen) AS cash_fen
    FROM settlement s LEFT JOIN LATERAL (SELECT * FROM settlement_correction WHERE settlement_id = s.settlement_id
        ORDER BY sequence DESC LIMIT 1) c ON true
    WHERE s.person_id = $1 AND s.state = 'valid'
    ORDER BY s.benefit_year, s.year_no, s.placed_on NULLS LAST, s.settled_at, s.settlement_id
"""
_BOOKED = """
    SELECT j.book, l.account, l.dim, sum(l.debit_fen - l.credit_fen) AS fen FROM journal j JOIN journal_line l USING (entry_id)
    WHERE j.person_id = $1 GROUP BY j.book, l.account, l.dim HAVING sum(l.debit_fen - l.credit_fen) <> 0
"""


def once() -> OnceKey:
    """A key of its own."""
    return OnceKey("test", str(next(_KEYS)), "")


@dataclass
class LateDesk:
    """A desk with what late facts need."""

    desk: ClaimsDesk

    async def stay(self, person: str, yuan: str, *, ended: str = "2026-03-14", scheme: str = "390", account: str = "0") -> str:
        """A stay of class A lines, settled; its settlement id."""
        visit = await self.desk.stay(person, [("A1", yuan)], scheme=scheme, begun=ended, ended=ended)
        asked = self.desk.stay_input(visit, person, yuan, scheme=scheme, account=account)
        return str((await self.desk.call("2304", asked))["setlinfo"]["setl_id"])

    async def visit(self, person: str, yuan: str) -> str:
        """An outpatient visit, settled; its settlement id."""
        visit = await self.desk.registration(person, [("A1", yuan)])
        return str((await self.desk.call("2207", self.desk.visit_input(visit, person, yuan)))["setlinfo"]["setl_id"])

    async def reversal(self, settlement_id: str, desk: ClaimsDesk | None = None) -> Json:
        """2208 or 2305; the whole answer."""
        row = await self.row("SELECT * FROM settlement WHERE settlement_id = $1", settlement_id)
        asked = {"data": {"setl_id": settlement_id, "mdtrt_id": row["visit_id"], "psn_no": row["person_id"]}}
        return read(await (desk or self.desk).raw("2305" if row["inpatient"] else "2208", asked))

    async def classes(
        self, person: str, version: int, classes: Sequence[tuple[str, date, date | None]], desk: ClaimsDesk | None = None
    ) -> None:
        """Enrollment states the person anew, with these classes."""
        claims = (desk or self.desk).claims
        row = await self.row("SELECT * FROM insured_person WHERE person_id = $1", person)
        async with claims.db.transaction() as tx:
            known = (await claims.redecide_later._persons.by_ids(tx, [person]))[person]
            fact = PersonStated(
                person_id=person,
                version=version,
                sealed=row["sealed"],
                certno_index=row["certno_index"],
                sex=row["sex"],
                born_on=row["born_on"],
                coverages=list(known.coverages),
                classes=[IdentityClass(code=c, begins_on=begins, ends_on=ends) for c, begins, ends in classes],
            )
            await claims.on_person_stated(tx, [fact])

    async def work(self, desk: ClaimsDesk | None = None) -> int:
        """Let the worker do what is left; in how many pieces."""
        pieces = 0
        while await (desk or self.desk).claims.redecide_later.run_one():
            pieces += 1
        return pieces

    async def paper_claim(self, person: str, yuan: str, day: str, invoice: str, **more: Any) -> Json:
        """A paper claim for a stay at the desk's hospital, proposed and approved; what it gave."""
        proposed = await self.desk.claims.propose_late_fact.manual_claim(
            paper(person, yuan, day, invoice, **more), "maker", once()
        )
        answer: Json = await self.desk.claims.approve_late_fact.approve(proposed["late_fact_id"], "checker", once())
        return answer

    async def correction(self, settlement_id: str, line_id: str, **right: Any) -> Json:
        """A correction of one line, proposed and approved."""
        line = {"line_id": line_id, "charge_class": None, "amount_fen": None, "quantity": None, "price": None, **right}
        body = {"reason": "抽查发现明细有误", "lines": [line]}
        proposed = await self.desk.claims.propose_late_fact.correction(settlement_id, body, "maker", once())
        answer: Json = await self.desk.claims.approve_late_fact.approve(proposed["late_fact_id"], "checker", once())
        return answer

    async def lines(self, settlement_id: str) -> list[str]:
        """The line numbers of a settlement."""
        return [line["line_id"] for line in (await self.desk.claims.describe_settlement(settlement_id))["lines"]]

    async def row(self, query: str, *values: Any) -> Any:
        """One row."""
        return await (await self.desk.claims.db.pool()).fetchrow(query, *values)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """Rows."""
        return list(await (await self.desk.claims.db.pool()).fetch(query, *values))

    async def outcome(self, settlement_id: str) -> dict[str, int]:
        """What a settlement comes to now, by layer, and cash."""
        row = await self.row(_STANDING.replace("s.person_id = $1 AND s.state = 'valid'", "s.settlement_id = $1"), settlement_id)
        return {p["layer"]: p["amount_fen"] for p in json.loads(row["decision"])["payments"]} | {"cash": row["cash_fen"]}

    async def booked(self, person: str) -> dict[tuple[str, str, str], int]:
        """The person's journals by book, account and dim."""
        return {(r["book"], r["account"], r["dim"]): int(r["fen"]) for r in await self.rows(_BOOKED, person)}

    async def check(self, person: str) -> None:
        """Everything that must hold for a person whenever nothing is left to the worker.

        The oracle decides the standing facts afresh, in order, from empty counters, and looks at nothing but the facts.
        """
        states: dict[tuple[str, int], YearState] = {}
        charged: Counter[str] = Counter()
        borne: Counter[str] = Counter()
        account = 0
        for row in await self.rows(_STANDING, person):
            facts, _ = facts_from_json(json.loads(row["facts"]))
            rules = BOOKS.under(row["rule_digest"])
            assert rules is not None
            if row["inpatient"]:
                later = row["visit_id"] in charged
                facts = replace(facts, continues_stay=later, stay_deductible_fen=charged[row["visit_id"]])
            year = (row["scheme"], row["benefit_year"])
            afresh = adjudicate(rules, facts, states.get(year, YearState()))
            states[year] = afresh.after
            if row["inpatient"]:
                charged[row["visit_id"]] += afresh.deductible_fen
            assert row["total_fen"] == facts.split.total_fen
            assert (row["account_fen"], row["cash_fen"]) == (afresh.account_fen, afresh.cash_fen), row["settlement_id"]
            for payment in afresh.payments:
                borne[payment.book.value] += payment.amount_fen
            account += afresh.account_fen
        booked = await self.booked(person)
        expenses: Counter[str] = Counter()
        for (book, number, _), fen in booked.items():
            if number.startswith("5001"):
                expenses[book] += fen
        restored = await self.rows(
            "SELECT coalesce(sum(l.debit_fen - l.credit_fen), 0) AS fen FROM journal j JOIN journal_line l USING (entry_id)"
            " WHERE j.person_id = $1 AND l.account = '1125' AND j.kind IN ('conversion', 'set-off')",
            person,
        )
        debt = int(restored[0]["fen"])
        assert +expenses + Counter({"EMP": debt}) == +borne, (expenses, borne, debt)
        counters = {
            (r["scheme"], r["benefit_year"]): YearState.of(json.loads(r["state"]))
            for r in await self.rows("SELECT * FROM person_year WHERE person_id = $1", person)
        }
        assert {key: state for key, state in counters.items() if state.counters} == {
            key: state for key, state in states.items() if state.counters
        }
        held = await self.row("SELECT balance_fen FROM account WHERE person_id = $1", person)
        moved = await self.row(
            "SELECT coalesce(sum(amount_fen), 0) AS moved, coalesce(sum(amount_fen) FILTER (WHERE reason = 'credit'), 0) AS credited"
            " FROM account_movement WHERE person_id = $1",
            person,
        )
        assert (held["balance_fen"] if held else 0) == moved["moved"] == moved["credited"] - account + debt


def paper(person: str, yuan: str, day: str, invoice: str, **more: Any) -> dict[str, Any]:
    """The body of a paper claim: one class A line of a stay of one day."""
    fen = int(yuan.replace(".", ""))
    return {
        "person_id": person,
        "scheme": "390",
        "inpatient": True,
        "med_type": "21",
        "begun_on": day,
        "ended_on": day,
        "institution_code": INSTITUTION,
        "institution_name": "",
        "institution_level": None,
        "institution_region": None,
        "invoice_no": invoice,
        "disease_code": "J18.900",
        "disease_name": "肺炎",
        "lines": [
            {
                "item_code": "A1",
                "item_name": "",
                "amount_fen": fen,
                "quantity": "1",
                "price": yuan,
                "occurred_on": day,
                "approved_use": False,
            }
        ],
        **more,
    }
