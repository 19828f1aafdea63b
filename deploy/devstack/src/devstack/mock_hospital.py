"""A hospital's day: patients come, are billed from the catalogue, settle, sometimes get their money back.

Every settlement is checked as a careful cashier would: the identities of chs-interface 6.2 hold to the fen, and the settlement
says what the trial settlement said.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from devstack.his_client import Answer, HisClient
from shared.clock import Clock, local

_CENT: Final = Decimal("0.01")
_FUNDS: Final = (
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "hifdm_pay",
    "maf_pay",
    "oth_pay",
)
_DIAGNOSES: Final = (
    ("J06.900", "急性上呼吸道感染"),
    ("I10.x00", "高血压"),
    ("E11.900", "2型糖尿病"),
    ("M54.500", "腰痛"),
    ("K29.500", "慢性胃炎"),
)
_FRACTURE: Final = ("S82.100", "胫骨上端骨折")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who comes: the credential, and how the bill is to be settled."""

    certno: str
    scheme: str
    use_account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A billed item: catalogue code, name, quantity and unit price."""

    code: str
    name: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Line amount in yuan."""
        return (self.quantity * self.price).quantize(_CENT, ROUND_HALF_UP)


@dataclass(slots=True, kw_only=True)
class Settled:
    """A settlement as the hospital got it, in yuan; ``faults`` lists what a cashier would complain about."""

    institution_code: str
    institution_name: str
    person_id: str
    visit_id: str
    settlement_id: str
    msgid: str
    inpatient: bool
    total: Decimal
    funds: Decimal
    account: Decimal
    cash: Decimal
    faults: list[str] = field(default_factory=list)


class MockHospital:
    """The desk of one institution."""

    def __init__(self, his: HisClient, catalogue: Sequence[Mapping[str, str]], dice: random.Random, clock: Clock) -> None:
        self._his = his
        self._dice = dice
        self._clock = clock
        self._catalogue = [row for row in catalogue if row["reference_price"]]
        self._visits = 0

    async def open(self) -> None:
        """Sign in for the day."""
        await self._his.sign_in()

    def random_bill(self, lines: int, most_yuan: int) -> list[Item]:
        """Items of the catalogue, none above ``most_yuan`` a piece."""
        affordable = [row for row in self._catalogue if Decimal(row["reference_price"]) <= most_yuan]
        return [self.item(row, self._dice.randint(1, 3)) for row in self._dice.choices(affordable, k=lines)]

    @staticmethod
    def item(row: Mapping[str, str], quantity: int, price: Decimal | None = None) -> Item:
        """A line for a catalogue row, at its reference price unless another is given."""
        return Item(code=row["code"], name=row["name"], quantity=quantity, price=price or Decimal(row["reference_price"]))

    async def outpatient_visit(self, patient: Patient, bill: Sequence[Item]) -> Settled:
        """9001 aside, the whole of chs-interface 8.1: 1101, 2201, 2203, 2204, 2206, 2207."""
        now = local(self._clock.now())
        person = await self._identify(patient)
        number = self._number()
        registered = await self._his.call(
            "2201",
            {
                "data": {
                    "psn_no": person,
                    "insutype": patient.scheme,
                    "begntime": _time(now),
                    **_credential(patient),
                    "ipt_otp_no": number,
                    "atddr_no": "D001",
                    "dr_name": "张医生",
                    "dept_code": "03",
                    "dept_name": "内科",
                    "caty": "A03",
                }
            },
        )
        visit = str(registered["data"]["mdtrt_id"])
        diagnosis = self._dice.choice(_DIAGNOSES)
        await self._his.call(
            "2203",
            {
                "mdtrtinfo": {"mdtrt_id": visit, "psn_no": person, "med_type": "11", "begntime": _time(now)},
                "diseinfo": [{**_diagnosis(diagnosis, now), "vali_flag": "1"}],
            },
        )
        lines = [
            {**self._line(item, visit, person, number, index, now), "chrg_bchno": number} for index, item in enumerate(bill)
        ]
        await self._his.call("2204", {"feedetail": lines})
        request = {
            "psn_no": person,
            **_credential(patient),
            "med_type": "11",
            "medfee_sumamt": _sum(bill),
            "psn_setlway": "01",
            "mdtrt_id": visit,
            "chrg_bchno": number,
            "insutype": patient.scheme,
            "acct_used_flag": "1" if patient.use_account else "0",
        }
        return await self._settle(("2206", "2207"), request, person, visit, inpatient=False)

    async def stay(self, patient: Patient, bill: Sequence[Item], *, days: int, injury: bool = False) -> Settled:
        """The whole of chs-interface 8.2: 1101, 2401, 2301 in batches, 2402, 2303, 2304. It ended yesterday."""
        left = local(self._clock.now()) - timedelta(days=1)
        came = left - timedelta(days=days)
        person = await self._identify(patient)
        number = self._number()
        diagnosis = _FRACTURE if injury else self._dice.choice(_DIAGNOSES)
        listed = {**_diagnosis(diagnosis, came), "maindiag_flag": "1", "psn_no": person}
        admitted = await self._his.call(
            "2401",
            {
                "mdtrtinfo": {
                    "psn_no": person,
                    "insutype": patient.scheme,
                    "begntime": _time(came),
                    **_credential(patient),
                    "med_type": "22" if injury else "21",
                    "ipt_no": number,
                    "atddr_no": "D002",
                    "chfpdr_name": "李医生",
                    "adm_diag_dscr": diagnosis[1],
                    "adm_dept_codg": "04",
                    "adm_dept_name": "外科",
                    "adm_bed": "12",
                    "dscg_maindiag_code": diagnosis[0],
                    "dscg_maindiag_name": diagnosis[1],
                    "main_cond_dscr": "工作时受伤" if injury else "",
                    "exp_content": '{"TRUM_FLAG":"1"}' if injury else "",
                },
                "diseinfo": [listed],
            },
        )
        visit = str(admitted["result"]["mdtrt_id"])
        for start in range(0, len(bill), 20):
            part = enumerate(bill[start : start + 20], start)
            lines = [{**self._line(item, visit, person, number, index, came), "med_type": "21"} for index, item in part]
            await self._his.call("2301", {"feedetail": lines})
        await self._his.call(
            "2402",
            {
                "dscginfo": {
                    "mdtrt_id": visit,
                    "psn_no": person,
                    "insutype": patient.scheme,
                    "endtime": _time(left),
                    "dscg_dept_codg": "04",
                    "dscg_dept_name": "外科",
                    "dscg_way": "1",
                },
                "diseinfo": [{**listed, "mdtrt_id": visit}],
            },
        )
        request = {
            "psn_no": person,
            **_credential(patient),
            "medfee_sumamt": _sum(bill),
            "psn_setlway": "01",
            "mdtrt_id": visit,
            "insutype": patient.scheme,
            "acct_used_flag": "1" if patient.use_account else "0",
            "mid_setl_flag": "0",
            "dscgTime": f"{left:%Y-%m-%d}",
        }
        return await self._settle(("2303", "2304"), request, person, visit, inpatient=True)

    async def refund(self, settled: Settled) -> Answer:
        """2208 or 2305: the whole settlement back; the ``setlinfo`` of the reversal, with negative amounts."""
        infno = "2305" if settled.inpatient else "2208"
        data = {"setl_id": settled.settlement_id, "mdtrt_id": settled.visit_id, "psn_no": settled.person_id}
        output = await self._his.call(infno, {"data": data})
        info: Answer = output["setlinfo"]
        return info

    async def _identify(self, patient: Patient) -> str:
        query = {**_credential(patient), "card_sn": "", "begntime": "", "psn_cert_type": "", "certno": "", "psn_name": ""}
        output = await self._his.call("1101", {"data": query})
        return str(output["baseinfo"]["psn_no"])

    async def _settle(
        self, infnos: tuple[str, str], request: dict[str, Any], person: str, visit: str, *, inpatient: bool
    ) -> Settled:
        trial = (await self._his.call(infnos[0], {"data": request}))["setlinfo"]
        final = (await self._his.call(infnos[1], {"data": request}))["setlinfo"]
        institution = self._his.institution
        return Settled(
            institution_code=institution.code,
            institution_name=institution.name,
            person_id=person,
            visit_id=visit,
            settlement_id=str(final["setl_id"]),
            msgid=self._his.last_msgid,
            inpatient=inpatient,
            total=_amount(final, "medfee_sumamt"),
            funds=_amount(final, "fund_pay_sumamt"),
            account=_amount(final, "acct_pay"),
            cash=_amount(final, "psn_cash_pay"),
            faults=identities_broken(final, Decimal(request["medfee_sumamt"])) + _unlike(trial, final),
        )

    def _line(self, item: Item, visit: str, person: str, number: str, index: int, at: datetime) -> dict[str, Any]:
        return {
            "feedetl_sn": f"{number}{index:03d}",
            "mdtrt_id": visit,
            "psn_no": person,
            "rx_circ_flag": "0",
            "fee_ocur_time": _time(at),
            "med_list_codg": item.code,
            "medins_list_codg": f"L-{item.code}",
            "det_item_fee_sumamt": str(item.amount),
            "cnt": str(item.quantity),
            "pric": str(item.price),
            "bilg_dept_codg": "03",
            "bilg_dept_name": "内科",
            "bilg_dr_codg": "D001",
            "bilg_dr_name": "张医生",
            "hosp_appr_flag": "0",
        }

    def _number(self) -> str:
        self._visits += 1
        return f"{int(self._clock.now().timestamp() * 1000) % 10**11:011d}{self._visits:04d}"


def identities_broken(info: Mapping[str, Any], billed: Decimal) -> list[str]:
    """The identities of chs-interface 6.2 that a settlement answer breaks, in words; empty when all hold."""
    a = {name: _amount(info, name) for name in info if isinstance(info[name], int | Decimal)}
    checks = {
        "total = billed": a["medfee_sumamt"] == billed,
        "total = own + over limit + pre-selfpay + in scope": a["medfee_sumamt"]
        == a["fulamt_ownpay_amt"] + a["overlmt_selfpay"] + a["preselfpay_amt"] + a["inscp_scp_amt"],
        "total = funds + person + hospital": a["medfee_sumamt"]
        == a["fund_pay_sumamt"] + a["psn_part_amt"] + a["hosp_part_amt"],
        "person = account + cash": a["psn_part_amt"] == a["acct_pay"] + a["psn_cash_pay"],
        "funds = sum of the funds": a["fund_pay_sumamt"] == sum((a[name] for name in _FUNDS), Decimal(0)),
        "deductible within scope": 0 <= a["act_pay_dedc"] <= a["inscp_scp_amt"],
    }
    return [name for name, holds in checks.items() if not holds]


def _unlike(trial: Mapping[str, Any], final: Mapping[str, Any]) -> list[str]:
    names = ("medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay", "balc")
    return [
        f"{name}: trial {trial[name]}, final {final[name]}" for name in names if _amount(trial, name) != _amount(final, name)
    ]


def _amount(info: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(info[name])


def _credential(patient: Patient) -> dict[str, str]:
    return {"mdtrt_cert_type": "02", "mdtrt_cert_no": patient.certno}


def _diagnosis(diagnosis: tuple[str, str], at: datetime) -> dict[str, Any]:
    return {
        "diag_type": "1",
        "diag_srt_no": 1,
        "diag_code": diagnosis[0],
        "diag_name": diagnosis[1],
        "diag_dept": "内科",
        "dise_dor_no": "D001",
        "dise_dor_name": "张医生",
        "diag_time": _time(at),
    }


def _sum(bill: Sequence[Item]) -> str:
    return str(sum((item.amount for item in bill), Decimal(0)))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
