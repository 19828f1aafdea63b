"""1101 and 9001 on a real database: credentials, cover as of a moment, a person claims does not know yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from claims.adapters.registry import SqlAccounts, SqlPersons
from claims.application.registry.find_person import FindPerson
from claims.application.visits.identify_person import IdentifyPersons
from claims.entrypoints.service import his_endpoint
from shared.contracts.enrollment import CoveragePeriod, IdentityClass, PersonStated
from shared.crypto import Sealer
from shared.errors import unavailable
from shared.ids import resident_id_check_digit
from tests.factories.claims_desk import REGION, ClaimsDesk, claims_settings

SEALER = Sealer(claims_settings("").data_key.encode())
CERTNO = "99010119740410001" + resident_id_check_digit("99010119740410001")


def stated(version: int = 1, *, covers: list[CoveragePeriod] | None = None, name: str = "李四") -> PersonStated:
    return PersonStated(
        person_id="PNEW",
        version=version,
        sealed=SEALER.seal(f'{{"name":"{name}","cert_type":"01","certno":"{CERTNO}","naty":"01"}}'),
        certno_index=SEALER.index(f"01|{CERTNO}"),
        sex="2",
        born_on=date(1974, 4, 10),
        coverages=covers if covers is not None else [cover("390", date(2025, 1, 1), date(2025, 12, 31), "15")],
        classes=[IdentityClass(code="dibao", begins_on=date(2026, 1, 1))],
    )


def cover(scheme: str, begins_on: date, ends_on: date | None, category: str, status: str = "active") -> CoveragePeriod:
    return CoveragePeriod(
        coverage_id=f"{scheme}-{begins_on}",
        scheme=scheme,
        person_category=category,
        begins_on=begins_on,
        ends_on=ends_on,
        status=status,
        region=REGION,
    )


class FakeEnrollment:
    """Knows one person, or is away; counts the questions."""

    def __init__(self, fact: PersonStated | None, *, away: bool = False) -> None:
        self.fact = fact
        self.away = away
        self.asked: list[tuple[str | None, str | None]] = []

    async def state_of(self, *, person_id: str | None = None, certno_index: str | None = None) -> PersonStated | None:
        self.asked.append((person_id, certno_index))
        if self.away:
            raise unavailable("enrollment.away", "系统繁忙")
        return self.fact


def with_enrollment(desk: ClaimsDesk, enrollment: FakeEnrollment) -> ClaimsDesk:
    claims = desk.claims
    find = FindPerson(claims.db, SqlPersons(claims.clock), enrollment)
    asking = replace(claims, identify_person=IdentifyPersons(claims.db, find, SqlAccounts(), SEALER, claims.clock))
    return ClaimsDesk(asking, his_endpoint(asking))


def ask(**fields: Any) -> dict[str, Any]:
    return {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": CERTNO, **fields}}


async def state(desk: ClaimsDesk, fact: PersonStated) -> None:
    async with desk.claims.db.transaction() as tx:
        await desk.claims.on_person_stated(tx, [fact])


async def test_a_known_person_with_account_and_cover(desk: ClaimsDesk) -> None:
    await desk.person(1, scheme="310", category="11", account_fen=12_345)
    output = await desk.call("1101", ask(mdtrt_cert_no="990101197404100001"))
    assert output["baseinfo"] == {
        "psn_no": "P0000000000000000000000001",
        "psn_cert_type": "01",
        "certno": "990101197404100001",
        "psn_name": "张三",
        "gend": "1",
        "naty": "01",
        "brdy": "1974-04-10",
        "age": Decimal("51.9"),
        "exp_content": "",
    }
    (row,) = output["insuinfo"]
    assert (row["balc"], row["insutype"], row["psn_insu_stas"], row["insuplc_admdvs"]) == (
        Decimal("123.45"),
        "310",
        "1",
        REGION,
    )
    assert "paus_insu_date" not in row
    assert output["idetinfo"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"mdtrt_cert_type": "2"},
        {"mdtrt_cert_no": CERTNO.lower()},
        {"psn_cert_type": "1", "certno": CERTNO, "psn_name": "李四"},
        {"mdtrt_cert_type": "03", "mdtrt_cert_no": CERTNO, "card_sn": "X"},
        {"mdtrt_cert_type": "03", "mdtrt_cert_no": "A12345678", "card_sn": "X", "psn_cert_type": "01", "certno": CERTNO},
        {"mdtrt_cert_type": "01", "mdtrt_cert_no": "token", "psn_cert_type": "01", "certno": CERTNO},
        {"mdtrt_cert_type": "06", "mdtrt_cert_no": "4205|A1", "certno": CERTNO},
    ],
)
async def test_every_credential_that_names_the_document(desk: ClaimsDesk, fields: dict[str, str]) -> None:
    await state(desk, stated())
    assert (await desk.call("1101", ask(**fields)))["baseinfo"]["psn_no"] == "PNEW"


async def test_a_credential_that_names_nobody(desk: ClaimsDesk) -> None:
    text = await desk.refused("1101", ask(mdtrt_cert_type="01", mdtrt_cert_no="token"))
    assert text == "就诊凭证(mdtrt_cert_no)无法识别，请同时提供证件号码(certno)"


async def test_a_name_that_is_not_the_documents(desk: ClaimsDesk) -> None:
    await state(desk, stated())
    assert await desk.refused("1101", ask(psn_name="王五")) == "人员姓名(psn_name)与证件登记的姓名不符"


async def test_cover_as_of_begntime(desk: ClaimsDesk) -> None:
    covers = [
        cover("390", date(2025, 1, 1), date(2025, 12, 31), "15"),
        cover("310", date(2026, 2, 1), None, "11"),
        cover("WI", date(2026, 2, 1), None, "11"),
    ]
    await state(desk, stated(covers=covers))

    async def rows(begntime: str) -> list[tuple[str, str, str | None]]:
        output = await desk.call("1101", ask(begntime=begntime))
        return [(r["insutype"], r["psn_insu_stas"], r.get("paus_insu_date")) for r in output["insuinfo"]]

    assert await rows("2025-06-01 08:00:00") == [("390", "1", None)]
    assert await rows("") == [("310", "1", None), ("390", "4", "2026-01-01")]
    assert await rows("2024-06-01") == []


async def test_paused_cover_is_stated_as_such(desk: ClaimsDesk) -> None:
    covers = [
        cover("310", date(2024, 1, 1), date(2025, 12, 31), "11"),
        cover("310", date(2026, 1, 1), None, "11", status="paused"),
    ]
    await state(desk, stated(covers=covers))
    (row,) = (await desk.call("1101", ask()))["insuinfo"]
    assert (row["psn_insu_stas"], row["paus_insu_date"]) == ("2", "2026-01-01")


async def test_identity_classes(desk: ClaimsDesk) -> None:
    await state(desk, stated())
    assert (await desk.call("1101", ask()))["idetinfo"] == [
        {"psn_idet_type": "2303", "psn_type_lv": "", "memo": "低保对象", "begntime": "2026-01-01 00:00:00"}
    ]
    assert (await desk.call("1101", ask(begntime="2025-06-01")))["idetinfo"] == []


async def test_an_older_state_that_arrives_late_changes_nothing(desk: ClaimsDesk) -> None:
    await state(desk, stated(3, name="新名"))
    await state(desk, stated(2, name="旧名"))
    assert (await desk.call("1101", ask()))["baseinfo"]["psn_name"] == "新名"
    await state(desk, stated(4, name="更新"))
    assert (await desk.call("1101", ask()))["baseinfo"]["psn_name"] == "更新"


async def test_an_unknown_person_is_asked_for_once_and_kept(desk: ClaimsDesk) -> None:
    enrollment = FakeEnrollment(stated())
    asking = with_enrollment(desk, enrollment)
    for _ in range(2):
        assert (await asking.call("1101", ask()))["baseinfo"]["psn_no"] == "PNEW"
    assert enrollment.asked == [(None, SEALER.index(f"01|{CERTNO}"))]
    assert await desk.count("insured_person") == 1


async def test_a_person_nobody_knows_is_refused_clearly(desk: ClaimsDesk) -> None:
    enrollment = FakeEnrollment(None)
    text = await with_enrollment(desk, enrollment).refused("1101", ask())
    assert text == "未查询到该人员的参保信息(mdtrt_cert_no)"
    assert len(enrollment.asked) == 1
    assert await desk.count("insured_person") == 0


async def test_while_enrollment_is_away_the_same_message_may_come_again(desk: ClaimsDesk) -> None:
    enrollment = FakeEnrollment(stated(), away=True)
    asking = with_enrollment(desk, enrollment)
    assert await asking.refused("1101", ask()) == "系统繁忙，请稍后用同一报文重发"
    enrollment.away = False
    assert (await asking.call("1101", ask()))["baseinfo"]["psn_no"] == "PNEW"


def sign_in(node: str = "signIn", operator: str = "0001") -> dict[str, Any]:
    return {node: {"opter_no": operator, "mac": "00-11-22-33-44-55", "ip": "10.0.0.8"}}


async def test_a_second_sign_in_of_the_day_gets_the_same_number(desk: ClaimsDesk) -> None:
    first = await desk.call("9001", sign_in())
    again = await desk.call("9001", sign_in("data"))
    other = await desk.call("9001", sign_in(operator="0002"))
    assert first["signinoutb"]["sign_time"] == "2026-03-20"
    assert first["signinoutb"] == first["result"] == again["signinoutb"]
    assert other["signinoutb"]["sign_no"] != first["signinoutb"]["sign_no"]
    assert await desk.count("sign_in") == 2
