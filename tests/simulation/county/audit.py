"""What must hold over all books and records at every moment (reference B15), read straight from the four databases."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.domain.timeline import entry
from shared.contracts import REGISTRY
from shared.messaging.codec import adapter
from shared.messaging.memory import MemoryBus
from tests.simulation.county.processes import NAMES, Processes

BOOKS: Final = {"claims": ("EMP", "RES", "LARGE", "CVL", "CII", "MAF"), "workinjury-bridge": ("WI",)}
EXPENSES: Final = ("5001.01", "5001.02", "5001.91")
BOOKED: Final = ("posted", "transferring", "settled", "reverting", "reverted")
AT_REST: Final = ("proposed", "checked", "settled", "reverted", "failed")
MOVED: Final = ("committed", "confirmed")

_JOURNALS: Final = """
    SELECT j.entry_id, j.book, j.kind, j.settlement_id, j.conversion_id, j.decision_version, j.voucher_no, j.maker, j.checker,
           l.book AS line_book, l.account, l.dim, l.debit_fen - l.credit_fen AS fen
    FROM journal j JOIN journal_line l USING (entry_id) ORDER BY j.seq, l.line_no
"""


_SETTLEMENTS: Final = """
    SELECT s.*, coalesce(c.decision, s.decision) AS standing, coalesce(c.account_fen, s.account_fen) AS standing_account_fen,
           coalesce(c.cash_fen, s.cash_fen) AS standing_cash_fen
    FROM settlement s LEFT JOIN LATERAL (SELECT * FROM settlement_correction WHERE settlement_id = s.settlement_id
        ORDER BY sequence DESC LIMIT 1) c ON true
"""


class Books:
    """The journals of both services that keep books, at one moment."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = rows

    def restored_debt(self, **where: Any) -> int:
        """What persons owe in place of their account since a restoring (B3)."""
        return sum(self.sum("1125", kind=kind, **where) for kind in ("conversion", "set-off"))

    def sum(self, *accounts: str, **where: Any) -> int:
        """Debit minus credit of accounts, over the lines that fit."""
        return sum(row["fen"] for row in self.rows if row["account"] in accounts and all(row[k] == v for k, v in where.items()))


def _by_book(decision: str) -> Counter[str]:
    paid: Counter[str] = Counter()
    for payment in json.loads(decision)["payments"]:
        paid[payment["book"]] += payment["amount_fen"]
    return paid


class Audit:
    """Checks everything; remembers the journals it has seen, because none may ever change."""

    def __init__(self, county: Processes) -> None:
        self._county = county
        self._seen: dict[str, tuple[Any, ...]] = {}

    async def check(self) -> None:
        """Every invariant that can be seen from the outside at any moment. Raises AssertionError."""
        fetch = self._county.rows
        books = Books([row for service in BOOKS for row in await fetch(service, _JOURNALS)])
        settlements = {row["settlement_id"]: row for row in await fetch("claims", _SETTLEMENTS)}
        conversions = await fetch("workinjury-bridge", "SELECT * FROM conversion")
        transfers = await fetch("workinjury-bridge", "SELECT * FROM transfer")
        payments = await fetch("workinjury-bridge", "SELECT * FROM payment")
        decisions = await fetch("workinjury-bridge", "SELECT * FROM recognition_decision")
        directs = await fetch("workinjury-bridge", "SELECT * FROM direct_settlement")
        self._journals(books)
        self._standing_settlements(books, settlements, conversions)
        self._conversions(books, settlements, conversions, transfers, payments)
        self._transfers(books, transfers, await fetch("claims", "SELECT * FROM transfer"))
        self._decisions(conversions, directs, decisions, payments)
        dues = await fetch("workinjury-bridge", "SELECT * FROM interfund_due")
        self._work_injury_book(books, conversions, directs)
        self._taken_over(books, settlements, directs, dues)
        await self._years_and_accounts(books, settlements)
        await self._premiums()
        for service in NAMES:
            parked = await fetch(service, "SELECT type, cause FROM parked_event WHERE replayed_at IS NULL")
            assert not parked, (service, parked)
        if all(c["state"] in AT_REST for c in conversions) and not any(d["state"] == "reverting" for d in directs):
            for book in BOOKS["claims"]:
                theirs = books.sum("1121", "2202", book=book, dim="WI")
                ours = books.sum("1121", "2202", book="WI", dim=book)
                due = sum(d["amount_fen"] for d in dues if d["payer"] == book)
                assert -theirs == ours == due, f"{book} says {theirs}, WI says {ours}, the next clearing {due}"

    def _journals(self, books: Books) -> None:
        """B15.1, 16, 17."""
        balance: Counter[str] = Counter()
        content: dict[str, list[Any]] = defaultdict(list)
        for row in books.rows:
            balance[row["entry_id"]] += row["fen"]
            content[row["entry_id"]].append(tuple(row))
            assert row["book"] == row["line_book"], row
            assert row["checker"] != row["maker"], row
        assert set(balance.values()) <= {0}, "a journal does not balance"
        now = {entry_id: tuple(lines) for entry_id, lines in content.items()}
        for entry_id, lines in self._seen.items():
            assert now.get(entry_id) == lines, f"journal {entry_id} has changed"
        self._seen = now

    @staticmethod
    def _standing_settlements(books: Books, settlements: Mapping[str, Any], conversions: Sequence[Any]) -> None:
        """B15.5, 7: a medical fund bears a settlement that stands, exactly, and nothing of any other; hospitals are paid once."""
        taken = {c["settlement_id"] for c in conversions if c["state"] in ("posted", "transferring", "settled")}
        owed: Counter[tuple[str, str]] = Counter()
        for settlement_id, row in settlements.items():
            paid, answered = _by_book(row["standing"]), _by_book(row["decision"])
            assert row["total_fen"] == row["fund_fen"] + row["account_fen"] + row["cash_fen"] + row["hospital_fen"], row
            for book in BOOKS["claims"]:
                borne = books.sum(*EXPENSES, book=book, settlement_id=settlement_id)
                short = books.restored_debt(book=book, settlement_id=settlement_id)
                expected = paid[book] if row["state"] == "valid" else 0
                assert borne == expected - short, f"{book} bears {borne} of {settlement_id} ({row['state']})"
                assert 0 <= short <= (row["standing_account_fen"] if row["state"] == "valid" else 0), short
                if row["state"] in ("valid", "taken-back") and row["infno"] != "TAKE-OVER":
                    owed[book, row["institution_code"]] += answered[book]
            if settlement_id in taken:
                assert row["state"] == "taken-back", row
        for book in BOOKS["claims"]:
            for institution in {row["institution_code"] for row in settlements.values()}:
                due = -books.sum("2201", book=book, dim=f"H:{institution}")
                assert due == owed[book, institution], f"{book} owes {institution} {due}, not {owed[book, institution]}"

    @staticmethod
    def _conversions(
        books: Books,
        settlements: Mapping[str, Any],
        conversions: Sequence[Any],
        transfers: Sequence[Any],
        payments: Sequence[Any],
    ) -> None:
        """B15.4, 5, 6, 13, 16."""
        active = Counter(c["settlement_id"] for c in conversions if c["state"] not in ("reverted", "failed"))
        assert set(active.values()) <= {1}, active
        keys = Counter((c["settlement_id"], c["decision_id"], c["decision_version"]) for c in conversions)
        assert set(keys.values()) <= {1}, keys
        for c in conversions:
            mine = {"conversion_id": c["conversion_id"]}
            if c["state"] not in BOOKED:
                ours = [row for row in books.rows if row["conversion_id"] == c["conversion_id"] and row["book"] == "WI"]
                assert not ours, f"booked for a conversion in state {c['state']}"
                continue
            assert (c["maker"], c["checker"]) == ("lijing", "zhaoming")
            settlement = settlements[c["settlement_id"]]
            refund = c["cash_fen"] - c["person_fen"]
            assert c["work_injury_fen"] + c["hospital_fen"] == c["owed_fen"] + refund
            assert c["total_fen"] == c["work_injury_fen"] + c["person_fen"] + c["hospital_fen"] == settlement["total_fen"]
            if settlement["state"] == "taken-back":
                assert c["cash_fen"] == settlement["standing_cash_fen"]
                assert c["owed_fen"] == sum(_by_book(settlement["standing"]).values())
            paid = Counter(
                {
                    row["book"]: row["fen"]
                    for row in books.rows
                    if row["conversion_id"] == c["conversion_id"]
                    and (row["kind"], row["account"], row["dim"]) == ("conversion", "1121", "WI")
                }
            )
            assert c["owed_fen"] == sum(paid.values())
            if c["state"] == "settled":
                net = 0 if c["restored"] else c["work_injury_fen"]
                assert books.sum("5001.11", book="WI", **mine) == net
                assert books.sum("5001.13", book="WI", **mine) == c["meals_fen"]
                assert books.sum("1122", book="WI", **mine) == c["hospital_fen"]
                assert books.sum("2203", book="WI", **mine) == 0, "the person was not paid in full"
                got = sum(p["amount_fen"] for p in payments if p["conversion_id"] == c["conversion_id"])
                set_off = -sum(
                    row["fen"]
                    for row in books.rows
                    if row["conversion_id"] == c["conversion_id"] and row["kind"] == "set-off" and row["account"] == "1125"
                )
                assert got + set_off == max(0, refund) + c["meals_fen"], "the payer of the cash was not made whole exactly"
            if c["state"] in ("settled", "reverted"):
                direction = {"settled": "out", "reverted": "back"}[c["state"]]
                for book in BOOKS["claims"]:
                    moved = sum(
                        t["amount_fen"]
                        for t in transfers
                        if t["conversion_id"] == c["conversion_id"]
                        and (t["book"], t["direction"], t["state"]) == (book, direction, "confirmed")
                    )
                    assert moved == paid[book], f"{book} got {moved} of {paid[book]}"
                    assert books.sum("1121", "2202", book=book, dim="WI", **mine) == 0
                    assert books.sum("1121", "2202", book="WI", dim=book, **mine) == 0

    @staticmethod
    def _transfers(books: Books, ours: Sequence[Any], theirs: Sequence[Any]) -> None:
        """B15.3: a voucher moves one amount between exactly two books; on its way it may be in the first alone."""
        banks: dict[str, dict[str, int]] = defaultdict(dict)
        for row in books.rows:
            if row["kind"] == "transfer" and row["account"] == "1003":
                assert row["book"] not in banks[row["voucher_no"]], f"voucher {row['voucher_no']} twice in {row['book']}"
                banks[row["voucher_no"]][row["book"]] = row["fen"]
        known = {t["voucher_no"]: t for t in ours}
        assert len(known) == len(ours)
        assert set(banks) <= set(known)
        medical = {t["transfer_id"]: t["state"] for t in theirs}
        for voucher_no, transfer in known.items():
            amount = transfer["amount_fen"] * (1 if transfer["direction"] == "out" else -1)
            expected = {}
            if transfer["state"] in MOVED:
                expected["WI"] = -amount
            if transfer["state"] == "confirmed" or medical.get(transfer["transfer_id"]) == "posted":
                expected[transfer["book"]] = amount
            assert banks.get(voucher_no, {}) == expected, (voucher_no, transfer["state"], banks.get(voucher_no), expected)

    @staticmethod
    def _decisions(
        conversions: Sequence[Any], directs: Sequence[Any], decisions: Sequence[Any], payments: Sequence[Any]
    ) -> None:
        """B15.14: nothing is booked but under a granted decision, which is the newest unless it was revoked."""
        newest: dict[str, Any] = {}
        by_id = {d["decision_id"]: d for d in decisions}
        for d in decisions:
            if d["case_id"] not in newest or newest[d["case_id"]]["version"] < d["version"]:
                newest[d["case_id"]] = d
        for c in conversions:
            if c["state"] in BOOKED:
                assert by_id[c["decision_id"]]["outcome"] == "granted"
                assert c["revoked"] or newest[c["case_id"]]["decision_id"] == c["decision_id"], (
                    "paid under a decision not in force"
                )
        for d in directs:
            assert by_id[d["decision_id"]]["outcome"] == "granted"
        granted = {d["case_id"] for d in decisions if d["outcome"] == "granted"}
        assert {p["case_id"] for p in payments} <= granted

    @staticmethod
    def _work_injury_book(books: Books, conversions: Sequence[Any], directs: Sequence[Any]) -> None:
        """B15.5: the work-injury fund bears what it took over and settled directly, and nothing else."""
        converted = sum(c["work_injury_fen"] for c in conversions if c["state"] in BOOKED and not c["restored"])
        posted = [d for d in directs if d["state"] in ("posted", "reverting")]
        assert books.sum("5001.11", book="WI") == converted + sum(d["work_injury_fen"] for d in posted)
        for d in posted:
            assert books.sum("5001.11", book="WI", settlement_id=d["settlement_id"]) == d["work_injury_fen"]
        standing = [d for d in directs if d["state"] in ("posted", "reverting", "revoked")]
        # after a revocation the hospital keeps what it is owed; the medical funds and the person owe it to the fund
        assert -books.sum("2201", book="WI") == sum(d["work_injury_fen"] for d in standing)

    @staticmethod
    def _taken_over(books: Books, settlements: Mapping[str, Any], directs: Sequence[Any], dues: Sequence[Any]) -> None:
        """B3: a revoked direct stay is owed once: by the medical funds what they would have paid, by the person the rest."""
        place = {row["msgid"]: row for row in settlements.values() if row["infno"] == "TAKE-OVER"}
        for d in directs:
            of_it = {"settlement_id": d["settlement_id"]}
            medical = place.pop(d["settlement_id"], None) if d["state"] in ("reverting", "revoked") else None
            if d["state"] != "revoked":
                assert (d["medical_fen"], d["taken_over_by"]) == (0, None), d
                continue
            mine = {due["payer"]: due["amount_fen"] for due in dues if due["origin"] == f"direct:{d['key']}"}
            assert sum(mine.values()) == d["medical_fen"], (mine, d)
            meals = d["meals_fen"] if d["meals_paid"] else 0
            asked = sum(
                row["fen"]
                for row in books.rows
                if row["kind"] == "recovery" and row["account"] == "1125" and row["settlement_id"] == d["settlement_id"]
            )
            assert asked + d["medical_fen"] == d["work_injury_fen"] + meals, (asked, d)
            assert (d["taken_over_by"] is None) == (d["not_taken_over"] is not None) == (medical is None), d
            if medical is None:
                continue
            assert medical["settlement_id"] == d["taken_over_by"]
            assert settlements[d["settlement_id"]]["state"] == "taken-over"
            assert medical["total_fen"] == d["work_injury_fen"] + d["person_fen"], medical
            for book in BOOKS["claims"]:
                owed = -books.sum("2202", book=book, settlement_id=medical["settlement_id"], kind="settlement")
                assert owed == mine.get(book, 0), (book, owed, mine)
                assert books.sum("1121", book="WI", dim=book, kind="recovery", **of_it) == owed
        assert not place, place

    async def _years_and_accounts(self, books: Books, settlements: Mapping[str, Any]) -> None:
        """Counters are the sums of the decisions that stand; balances those of the movements: credits less what stands."""
        used: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
        for row in settlements.values():
            if row["state"] == "valid":
                used[row["person_id"], row["scheme"], row["benefit_year"]].update(json.loads(row["standing"])["contribution"])
        for row in await self._county.rows("claims", "SELECT * FROM person_year"):
            key = (row["person_id"], row["scheme"], row["benefit_year"])
            expected = {name: value for name, value in used.pop(key, Counter()).items() if value}
            assert json.loads(row["state"]) == expected, (key, row["state"], expected)
        assert not any(+rest for rest in used.values()), used
        spent: Counter[str] = Counter()
        for row in settlements.values():
            if row["state"] == "valid":
                short = books.restored_debt(book="EMP", settlement_id=row["settlement_id"])
                spent[row["person_id"]] += row["standing_account_fen"] - short
        accounts = await self._county.rows(
            "claims",
            "SELECT person_id, a.balance_fen, sum(m.amount_fen) AS moved,"
            " coalesce(sum(m.amount_fen) FILTER (WHERE m.reason = 'credit'), 0) AS credited"
            " FROM account a JOIN account_movement m USING (person_id) GROUP BY person_id, a.balance_fen",
        )
        for row in accounts:
            due = row["credited"] - spent.pop(row["person_id"], 0)
            assert row["balance_fen"] == row["moved"] == due, (dict(row), due)
        assert not any(spent.values()), spent

    async def _premiums(self) -> None:
        """Cover is active when, and only when, its premium is paid; the fact is told once."""
        wrong = await self._county.rows(
            "enrollment",
            "SELECT c.coverage_id, c.state, p.amount_fen, y.receipt_no FROM coverage c JOIN premium p USING (coverage_id)"
            " LEFT JOIN premium_payment y USING (premium_id)"
            " WHERE (c.state = 'active') <> (p.amount_fen = 0 OR y.receipt_no IS NOT NULL)"
            " OR y.amount_fen <> p.amount_fen",
        )
        assert not wrong, wrong
        told = await self._county.rows(
            "enrollment", "SELECT count(*) AS n FROM outbox WHERE type = 'enrollment.premium-paid.v1'"
        )
        paid = await self._county.rows("enrollment", "SELECT count(*) AS n FROM premium_payment")
        assert told[0]["n"] == paid[0]["n"]

    async def replay(self, dice: random.Random, share: float) -> str:
        """B15.18: facts that a service has consumed come again, its memory of them gone, and nothing changes."""
        name = dice.choice(NAMES[1:])
        service = self._county.services[name]
        # What a service keeps besides its settlements follows them by facts of its own: first it hears all of those.
        while await service.turn("relay") or await service.turn("consumer") or service.behind:
            pass
        if name == "workinjury-bridge":  # bills that a revocation made comparable are found by its hourly comparison
            while await service.turn("bill-comparison"):
                pass
        await service.revive()
        known = {row["event_id"] for row in await self._county.rows(name, "SELECT event_id FROM inbox")}
        log = [record for records in self._county.bus.logs.values() for record in records]
        again = [record for record in log if record.headers["ce_id"] in known and dice.random() < share]
        if not again:
            return f"nothing to replay to {name}"
        before = await self._contents(name)
        await self._county.rows(
            name, "DELETE FROM inbox WHERE event_id = ANY($1::text[]) RETURNING event_id", [r.headers["ce_id"] for r in again]
        )
        bus = MemoryBus()
        subscriber = bus.subscriber(sorted({record.topic for record in again}), name)
        await subscriber.start()
        await bus.publisher().publish(again)
        while await service.runner(subscriber).step():
            pass
        after = await self._contents(name)
        changed = {
            table: (sorted((after[table] - rows).elements()), sorted((rows - after[table]).elements()))
            for table, rows in before.items()
            if rows != after[table]
        }
        assert not changed, f"{len(again)} facts told again to {name} changed {changed}"
        return f"{len(again)} facts again to {name}"

    async def _contents(self, service: str) -> dict[str, Counter[str]]:
        tables = await self._county.rows(
            service, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'inbox'"
        )
        return {
            table: Counter(row[0] for row in await self._county.rows(service, f"SELECT t::text FROM {table} t"))
            for (table,) in tables
        }

    async def at_the_end(self) -> None:
        """Everything has arrived: every fact published and consumed once by each, the timelines complete, the funds even."""
        facts: dict[str, Any] = {}
        for service in NAMES:
            rows = await self._county.rows(service, "SELECT * FROM outbox")
            assert all(row["published_at"] is not None for row in rows)
            facts |= {row["event_id"]: row for row in rows}
        for service in NAMES[1:]:
            handled = self._county.services[service].runtime.handlers
            topics = {e.topic for e in REGISTRY.all() if e.name in handled}
            consumed = {row["event_id"] for row in await self._county.rows(service, "SELECT event_id FROM inbox")}
            assert consumed == {event_id for event_id, row in facts.items() if row["topic"] in topics}
        lines = {
            row["event_id"]: row["person_id"]
            for row in await self._county.rows("gateway", "SELECT event_id, person_id FROM timeline_entry")
        }
        expected = {}
        for event_id, row in facts.items():
            kind = REGISTRY.by_type(row["type"])
            assert kind is not None
            line = entry(adapter(kind.cls).validate_json(row["payload"]), row["occurred_at"])
            if line is not None:
                expected[event_id] = line.person_id
        assert lines == expected
