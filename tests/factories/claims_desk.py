"""A claims process on a real database with one hospital desk: short calls for what the interface says in long ones."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx

from claims.application.funds.credit_account import Credit
from claims.application.registry.state_institution import StateInstitution
from claims.bootstrap import Claims, assemble
from claims.domain.institution import Switches
from claims.entrypoints.his.endpoint import HisEndpoint
from claims.entrypoints.service import his_endpoint
from shared.clock import CHINA, FixedClock
from shared.contracts.enrollment import CoveragePeriod, IdentityClass, PersonStated
from shared.crypto import Sealer
from shared.settings import Settings, read_settings
from tests.factories.his_messages import CREDENTIAL, DIAGNOSIS, INSTITUTION, Json, fee_line, message

REGION = "990101"
START = "2026-03-20T09:00:00+08:00"
CATALOGUE = (
    "code,name,charge_class,pre_selfpay_rate,price_limit_1,price_limit_2,price_limit_3,valid_from\n"
    "A1,甲类项目,A,,,,,2024-01-01\n"
    "B1,乙类项目,B,,,,,2024-01-01\n"
    "C1,丙类项目,C,,,,,2024-01-01\n"
    "L1,限价项目,A,,100,100,100,2024-01-01\n"
)


def no_other_bills() -> dict[str, httpx.AsyncBaseTransport]:
    """The network of claims with a bridge that knows no bill of its own, and does nothing else."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/work-injury-bills":
            return httpx.Response(200, json={"items": []})
        raise httpx.ConnectError("away", request=request)

    return {"workinjury-bridge": httpx.MockTransport(answer)}


def claims_settings(url: str, **more: str) -> Settings:
    """Settings of a claims process on this database, its clock standing still."""
    return read_settings(
        "claims", {"ONEWINDOW_ENV": "test", "ONEWINDOW_CLAIMS_DATABASE_URL": url, "ONEWINDOW_CLOCK": f"fixed:{START}", **more}
    )


@dataclass
class ClaimsDesk:
    """One hospital (level 2 unless said otherwise) and the process behind it."""

    claims: Claims
    endpoint: HisEndpoint
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def open(cls, url: str, *, level: int = 2, switches: Switches | None = None) -> ClaimsDesk:
        """Assemble the process and register hospital and catalogue."""
        claims = assemble(claims_settings(url))
        desk = cls(claims, his_endpoint(claims))
        await desk.hospital(INSTITUTION, level=level, switches=switches)
        await claims.import_catalogue(CATALOGUE.encode(), None)
        return desk

    async def close(self) -> None:
        """Close its connections."""
        for step in self.claims.closing:
            await step()
        await self.claims.db.close()

    @property
    def clock(self) -> FixedClock:
        """The process's clock."""
        clock = self.claims.clock
        assert isinstance(clock, FixedClock)
        return clock

    async def hospital(self, code: str, *, level: int = 2, switches: Switches | None = None) -> None:
        """Register a hospital."""
        await self.claims.state_institution(
            StateInstitution(code=code, name="县人民医院", level=level, region=REGION, switches=switches or Switches()), None
        )

    async def person(
        self,
        number: int = 1,
        *,
        scheme: str = "390",
        category: str = "15",
        classes: Sequence[str] = (),
        account_fen: int = 0,
        household: str | None = None,
        region: str = REGION,
        tier: str | None = None,
        begins_on: date = date(2024, 1, 1),
    ) -> str:
        """An insured person; returns the person id."""
        person_id = f"P{number:025d}"
        sealer = Sealer(claims_settings("").data_key.encode())
        certno = f"99010119740410{number:04d}"
        fact = PersonStated(
            person_id=person_id,
            version=1,
            sealed=sealer.seal(json.dumps({"name": "张三", "cert_type": "01", "certno": certno, "naty": "01"})),
            certno_index=sealer.index(f"01|{certno}"),
            sex="1",
            born_on=date(1974, 4, 10),
            coverages=[
                CoveragePeriod(
                    coverage_id=f"C{number}",
                    scheme=scheme,
                    person_category=category,
                    begins_on=begins_on,
                    ends_on=date(2026, 12, 31),
                    status="active",
                    region=region,
                    tier=tier,
                )
            ],
            classes=[IdentityClass(code=code, begins_on=date(2024, 1, 1)) for code in classes],
            household_id=household,
        )
        async with self.claims.db.transaction() as tx:
            await self.claims.on_person_stated(tx, [fact])
        if account_fen:
            await self.claims.credit_account([Credit(person_id=person_id, amount_fen=account_fen, reference="opening")])
        return person_id

    async def raw(
        self, infno: str, input_: Any, *, msgid: str | None = None, institution: str = INSTITUTION, **envelope: Any
    ) -> bytes:
        """Send one message; the bytes of its answer."""
        body = message(infno, input_, msgid=msgid or f"M{next(self.numbers):06d}", fixmedins_code=institution, **envelope)
        return await self.endpoint.answer(
            body, path="/fsi/api/rsfComIfsService/callService", sender=institution, received_at=self.clock.now()
        )

    async def call(self, infno: str, input_: Any, **envelope: Any) -> Json:
        """Send one message; its output. Fails with the text of a refusal."""
        answer = read(await self.raw(infno, input_, **envelope))
        assert answer["infcode"] in ("0", 0), answer["err_msg"]
        output: Json = answer["output"]
        return output

    async def refused(self, infno: str, input_: Any, **envelope: Any) -> str:
        """Send one message that must be refused; the text."""
        answer = read(await self.raw(infno, input_, **envelope))
        assert answer["infcode"] in ("-1", -1), answer
        text: str = answer["err_msg"]
        return text

    async def stay(
        self, person: str, lines: Sequence[tuple[str, str]], *, scheme: str = "390", begun: str = "2026-03-02", ended: str = "2026-03-14",
        discharged: bool = True, way: str = "1", med_type: str = "21", **envelope: Any,
    ) -> str:  # fmt: skip
        """Admission, fee lines (item code, yuan) and discharge; returns the visit id."""
        opened = await self.call(
            "2401",
            {
                "mdtrtinfo": {
                    "psn_no": person,
                    "insutype": scheme,
                    "ipt_no": f"ZY{next(self.numbers)}",
                    "begntime": f"{begun} 08:00:00",
                    "mdtrt_cert_type": "02",
                    "med_type": med_type,
                    "atddr_no": "D1",
                    "chfpdr_name": "李医生",
                    "adm_diag_dscr": "肺炎",
                    "adm_dept_codg": "03",
                    "adm_dept_name": "呼吸内科",
                    "adm_bed": "12",
                    "dscg_maindiag_code": "J18.900",
                    "dscg_maindiag_name": "肺炎",
                },
                "diseinfo": [{"psn_no": person, **DIAGNOSIS}],
            },
            **envelope,
        )
        visit = opened["result"]["mdtrt_id"]
        await self.fees(visit, person, lines, inpatient=True, on=begun, **envelope)
        if discharged:
            await self.discharge(visit, person, scheme=scheme, ended=ended, way=way, **envelope)
        return str(visit)

    async def discharge(
        self, visit: str, person: str, *, scheme: str = "390", ended: str = "2026-03-14", way: str = "1", **envelope: Any
    ) -> None:
        """2402."""
        leaving = {
            "insutype": scheme,
            "endtime": f"{ended} 10:00:00",
            "dscg_dept_codg": "03",
            "dscg_dept_name": "内科",
            "dscg_way": way,
        }
        on_visit = {"mdtrt_id": visit, "psn_no": person}
        await self.call("2402", {"dscginfo": {**on_visit, **leaving}, "diseinfo": [{**on_visit, **DIAGNOSIS}]}, **envelope)

    async def fees(
        self,
        visit: str,
        person: str,
        lines: Sequence[tuple[str, str]],
        *,
        inpatient: bool,
        batch: str = "B1",
        on: str = "2026-03-20",
        **envelope: Any,
    ) -> Json:
        """2301 or 2204: lines of (item code, yuan), one piece each."""
        rows = [
            fee_line(
                f"{next(self.numbers)}", visit=visit, person=person, med_list_codg=code, det_item_fee_sumamt=yuan_text(amount), cnt=1,
                pric=yuan_text(amount), chrg_bchno=batch, fee_ocur_time=f"{on} 09:00:00", med_type="21" if inpatient else "11",
            )
            for code, amount in lines
        ]  # fmt: skip
        return await self.call("2301" if inpatient else "2204", {"feedetail": rows}, **envelope)

    async def registration(
        self, person: str, lines: Sequence[tuple[str, str]], *, scheme: str = "390", on: str = "2026-03-20"
    ) -> str:
        """2201, 2203 and 2204; returns the visit id."""
        opened = await self.call(
            "2201",
            {
                "data": {
                    "psn_no": person,
                    "insutype": scheme,
                    "begntime": f"{on} 08:00:00",
                    **CREDENTIAL,
                    "ipt_otp_no": f"MZ{next(self.numbers)}",
                    "atddr_no": "D1",
                    "dr_name": "李医生",
                    "dept_code": "03",
                    "dept_name": "内科",
                    "caty": "A03",
                }
            },
        )
        visit = str(opened["data"]["mdtrt_id"])
        if lines:
            await self.fees(visit, person, lines, inpatient=False, on=on)
        return visit

    def stay_input(self, visit: str, person: str, total: str, *, scheme: str = "390", account: str = "0", **more: Any) -> Json:
        """Input of 2303 and 2304."""
        data = {
            "psn_no": person, **CREDENTIAL, "medfee_sumamt": yuan_text(total), "psn_setlway": "01", "mdtrt_id": visit,
            "insutype": scheme, "acct_used_flag": account, "mid_setl_flag": "0", **more,
        }  # fmt: skip
        return {"data": data}

    def visit_input(
        self, visit: str, person: str, total: str, *, scheme: str = "390", account: str = "0", batch: str = "B1", **more: Any
    ) -> Json:
        """Input of 2206 and 2207."""
        data = {
            "psn_no": person, **CREDENTIAL, "med_type": "11", "medfee_sumamt": yuan_text(total), "psn_setlway": "01", "mdtrt_id": visit,
            "chrg_bchno": batch, "insutype": scheme, "acct_used_flag": account, **more,
        }  # fmt: skip
        return {"data": data}

    async def balances(self, book: str) -> dict[tuple[str, str], int]:
        """Trial balance of a book: balance in fen by (account, dim)."""
        from shared.ledger import Book

        async with self.claims.db.reading() as tx:
            rows = await self.claims.ledger.trial_balance(tx, Book(book))
        assert sum(r["debit_fen"] for r in rows) == sum(r["credit_fen"] for r in rows)
        return {(r["account"], r["dim"]): r["balance_fen"] for r in rows if r["balance_fen"]}

    async def count(self, table: str, where: str = "true") -> int:
        """How many rows of a table fit a condition."""
        return int(await (await self.claims.db.pool()).fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))

    async def year(self, person: str) -> dict[str, int]:
        """The counters of the person's year 2026."""
        state = await (await self.claims.db.pool()).fetchval(
            "SELECT state FROM person_year WHERE person_id = $1 AND benefit_year = 2026", person
        )
        return dict(json.loads(state)) if state else {}


def yuan_text(text: str) -> str:
    """An amount as the message carries it."""
    return str(Decimal(text))


def read(answer: bytes) -> Json:
    """An answer as an object, numbers exact."""
    parsed: Json = json.loads(answer, parse_float=Decimal)
    return parsed


def at(text: str) -> datetime:
    """A China time."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)
