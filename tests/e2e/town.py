"""A small town on the running stack: two hospitals of its own, a few catalogue items, an employer, people at the window."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

import asyncpg
import httpx

from devstack.county import REGION, credit_code, resident_id
from devstack.his_client import HisClient, HisError, Institution, Line
from devstack.mock_hospital import MockHospital, Patient
from devstack.stack import Stack
from devstack.window import Window
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.clock import SystemClock
from shared.ids import TimeOrderedIds
from shared.settings import read_settings

CLOCK: Final = SystemClock()
CATALOGUE: Final = (
    "code,name,charge_class,in_work_injury_catalogue,valid_from\n"
    "E2E-A,甲类项目,A,1,2024-01-01\nE2E-B,乙类项目,B,1,2024-01-01\n"
    "E2E-W,工伤用药,C,1,2024-01-01\nE2E-N,自费项目,C,0,2024-01-01\n"
)
Json = dict[str, Any]


@dataclass
class Town:
    """How a test reaches the town."""

    stack: Stack
    http: httpx.AsyncClient
    """To the gateway, the only address that people and hospitals know."""
    windows: dict[str, Window]
    hospitals: list[MockHospital]
    institutions: list[Institution]
    line: Line
    employer_id: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def enrol(self) -> tuple[str, Patient]:
        """Somebody new enrols as an employee and the bank pays; waits until the matter has closed by itself."""
        number = next(self.numbers)
        certno = resident_id(REGION, date(1985, 5, 5), 2 * number + 1)
        person = {"cert_type": "01", "certno": certno, "name": "王小明", "sex": "1", "born_on": "1985-05-05", "region": REGION}
        today = CLOCK.today()
        matter = await self.windows["wangfang"].command(
            "/v1/matters",
            {
                "matter_code": "enrol-and-pay",
                "person": person,
                "form": {
                    "scheme": "310",
                    "person_category": "11",
                    "begins_on": date(today.year, 1, 1).isoformat(),
                    "year": today.year,
                    "region": REGION,
                    "employer_id": self.employer_id,
                    "monthly_base_fen": 500_000,
                },
                "materials": [{"code": "identity"}, {"code": "photo"}],
                "defer": True,
            },
        )
        path = f"/v1/matters/{matter['matter_id']}"
        ready = await self.windows["wangfang"].until(path, lambda m: "amount_fen" in m["references"], "the premium")
        await self.windows["bank"].act(
            matter["matter_id"],
            "pay-premium",
            "pay",
            amount_fen=int(ready["references"]["amount_fen"]),
            paid_on=today.isoformat(),
            channel="bank",
            receipt_no=f"E{certno}",
        )
        closed = await self.windows["wangfang"].until(path, lambda m: m["state"] != "open", "the matter closing by itself")
        assert closed["state"] == "done"
        return str(matter["person_id"]), Patient(certno=certno, scheme="310", use_account=True)

    async def patient(self) -> tuple[str, Patient]:
        """Somebody enrolled, known to claims with the cover."""
        person_id, patient = await self.enrol()

        async def covered() -> bool:
            rows = await self.rows("claims", "SELECT coverages::text FROM insured_person WHERE person_id = $1", person_id)
            return bool(rows) and '"active"' in rows[0][0]

        await until(covered, "claims knowing the cover")
        return person_id, patient

    async def service(self, name: str, path: str, body: Any, **headers: str) -> Json:
        """A command of the office to a service directly, for what the window does not offer."""
        base = next(s.url for s in self.stack.topology.services if s.name == name)
        token = build_signer(read_settings("gateway", self.stack.environment())).sign(
            Principal("e2e", "e2e", frozenset({"*"}), frozenset({"*"}), service=True), audience=AUDIENCE, ttl_s=60
        )
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        own = {"Authorization": f"Bearer {token}", "Idempotency-Key": TimeOrderedIds(CLOCK).new(), **headers}
        async with httpx.AsyncClient(base_url=base, timeout=30, trust_env=False) as http:
            reply = await http.post(path, headers=own, **content)
        assert reply.is_success, reply.text
        answer: Json = reply.json()
        return answer

    async def balances(self, book: str) -> dict[tuple[str, str], int]:
        """The trial balance of a book as the gateway shows it: fen by (account, dim)."""
        shown = await self.windows["chenhui"].get("/v1/ledger/trial-balance", book=book)
        assert shown["debit_fen"] == shown["credit_fen"]
        return {(row["account"], row["dim"]): row["balance_fen"] for row in shown["rows"]}

    async def rows(self, service: str, query: str, *arguments: Any) -> list[Any]:
        """Rows of a service's database, for what no interface shows."""
        connection = await asyncpg.connect(self.stack.database_urls[service])
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()


async def build_town(stack: Stack, http: httpx.AsyncClient) -> Town:
    """Register what the town needs and sign everybody in."""
    ids = TimeOrderedIds(CLOCK)
    windows = {name: Window(http, ids, name) for name in ("wangfang", "lijing", "zhaoming", "chenhui", "bank")}
    for window in windows.values():
        await window.sign_in()
    line = Line(random.Random(7), 10)
    town = Town(stack, http, windows, [], [], line, "")
    for number, (signature, level) in enumerate((("x-tif", 2), ("csb", 2)), 901):
        institution = Institution(
            code=f"H{REGION}{number:05d}",
            name=f"第{number}医院",
            level=level,
            region=REGION,
            signature=signature,
            access_key=f"e2e-{number}",
            secret=f"the secret of hospital {number}",
            infcode_number=False,
        )
        names = ("code", "name", "level", "region", "signature", "access_key", "secret")
        await town.service("claims", "/v1/institutions", {name: getattr(institution, name) for name in names})
        town.institutions.append(institution)
        his = HisClient(http, institution, line, CLOCK, patience_s=60)
        town.hospitals.append(MockHospital(his, [], line.dice, CLOCK))
    await town.service("claims", "/v1/catalogue/imports", CATALOGUE.encode(), **{"Content-Type": "text/csv"})
    employer = {"credit_code": credit_code(REGION, 9001), "name": "演示机械厂", "region": REGION, "industry_class": 4}
    town.employer_id = (await town.service("enrollment", "/v1/employers", employer))["employer_id"]
    for hospital in town.hospitals:
        await until(partial(_opens, hospital), "the gateway knowing the hospital")
    return town


async def _opens(hospital: MockHospital) -> bool:
    try:
        await hospital.open()
    except HisError:
        return False
    return True


async def until(holds: Callable[[], Awaitable[bool]], what: str, within_s: float = 60) -> None:
    """Wait for something that events bring about. AssertionError naming it when it does not come."""
    end = time.monotonic() + within_s
    while not await holds():
        assert time.monotonic() < end, f"{what}: not within {within_s:.0f} s"
        await asyncio.sleep(0.1)
