"""Journeys through the acts of a case: back-payment, limitation, a claim on paper, benefits by item, and who recorded what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser import county
from tests.browser.fake_gateway import FakeGateway
from tests.browser.injuries import DEBT, THIRD_DEBT, UNINSURED
from tests.browser.test_console import texts
from tests.browser.test_elsewhere_pages import choose
from tests.browser.test_injury_pages import confirm
from tests.browser.test_month_end_pages import sent

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]


async def test_an_employer_that_has_paid_back_is_recorded_once_with_who_recorded_it(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", f"/cases/{UNINSURED}")
    await expect(page.locator("section").filter(has_text="办理记录")).to_contain_text("还没有办理记录。")
    await page.get_by_role("button", name="登记补缴").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("补缴生效日期").fill("2026-05-11")
    await dialog.get_by_label("缴费凭证号").fill("税票 20261120-7")
    await confirm(page, "登记补缴")
    await expect(dialog.locator(".q-field--error")).to_contain_text("补缴生效日期应晚于事故日期")
    await expect(dialog.get_by_label("缴费凭证号")).to_have_value("税票 20261120-7")
    assert gateway.injuries.insured_from == {}
    await shot(page, "back-payment-refused")
    await dialog.get_by_label("补缴生效日期").fill("2026.11.1")
    await confirm(page, "登记补缴")
    await expect(dialog.locator(".q-field--error")).to_contain_text("日期请写成 2026-11-22")
    await dialog.get_by_label("补缴生效日期").fill("2026-11-01")
    await confirm(page, "登记补缴")
    await expect(page.locator(".title-line")).to_contain_text("单位已补缴，自 2026-11-01 起")
    assert await texts(page.locator(".record li")) == ["2026-11-22 09:31 登记补缴 李静"]
    assert await page.get_by_role("button", name="登记补缴").count() == 0
    path = f"/v1/injury-cases/{UNINSURED}/back-payment"
    assert sent(gateway) == [
        (path, {"effective_on": "2026-05-11", "proof": "税票 20261120-7"}),
        (path, {"effective_on": "2026-11-01", "proof": "税票 20261120-7"}),
    ]
    assert len({key for _, key, _ in gateway.commands}) == 2
    await shot(page, "case-back-paid")


async def test_without_the_post_nothing_of_a_case_can_be_recorded(sign_in: SignIn, gateway: FakeGateway) -> None:
    for username in ("chenhui", "zhouqiang", "wangfang"):
        page = await sign_in(username, f"/cases/{UNINSURED}")
        await expect(page.locator("h1")).to_have_text("工伤案件")
        assert await page.get_by_role("button", name="登记补缴").count() == 0
        assert await page.get_by_role("link", name="登记手工报销").count() == 0
    page = await sign_in("wangfang", f"/cases/{county.CASE}/paper-claims/new")
    await expect(page.locator(".state")).to_contain_text("您的岗位没有查看此内容的权限")
    page = await sign_in("chenhui", f"/cases/{county.CASE}/benefits")
    await expect(page.locator("h1")).to_have_text("工伤待遇")
    assert await page.get_by_role("button", name="申报").count() == 0
    assert gateway.commands == []


async def test_a_post_that_was_lost_meanwhile_is_told_and_changes_nothing(
    sign_in: SignIn, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await sign_in("lijing", f"/cases/{UNINSURED}")
    await page.get_by_role("button", name="登记补缴").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("补缴生效日期").fill("2026-11-01")
    await dialog.get_by_label("缴费凭证号").fill("税票 1")
    scopes = county.ROLES["lijing"]["scopes"].replace("injury-cases:decide", "")
    monkeypatch.setitem(county.ROLES, "lijing", {**county.ROLES["lijing"], "scopes": scopes})
    await confirm(page, "登记补缴")
    await expect(dialog.locator(".fault")).to_contain_text("auth.scope-missing")
    assert gateway.injuries.insured_from == {}
    assert [act["act"] for act in gateway.injuries.acts] == ["facts"]


async def test_the_time_of_a_claim_begins_anew(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("lijing", f"/recoveries/{THIRD_DEBT}")
    await expect(page.locator("section").filter(has_text="诉讼时效")).to_contain_text("届满 2029-03-02● 还剩 831 天")
    await page.get_by_role("button", name="登记时效中断").click()
    await choose(page, "中断事由", "起诉或申请仲裁")
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("发生日期").fill("2026-12-01")
    await dialog.get_by_label("证明材料或案号").fill("（2026）河民初 91 号")
    await confirm(page, "登记时效中断")
    await expect(dialog.locator(".q-field--error")).to_contain_text("时效中断日期不能晚于今天")
    assert gateway.injuries.debts[THIRD_DEBT]["interruptions"] == []
    await dialog.get_by_label("发生日期").fill("2026-11-20")
    await confirm(page, "登记时效中断")
    limitation = page.locator("section").filter(has_text="诉讼时效")
    await expect(limitation).to_contain_text("诉讼或仲裁期间，时效不计算")
    assert await texts(limitation.locator("tbody tr")) == [
        "2026-11-20 起诉或申请仲裁 （2026）河民初 91 号 2026-11-22 09:31 李静"
    ]
    body = {"kind": "suit", "on": "2026-11-20", "reference": "（2026）河民初 91 号"}
    assert sent(gateway)[-1] == (f"/v1/recoveries/{THIRD_DEBT}/interruptions", body)
    await shot(page, "recovery-limitation")
    other = await sign_in("lijing", f"/recoveries/{DEBT}")
    await expect(other.locator("h1")).to_have_text("向用人单位追偿")
    assert await other.get_by_role("button", name="登记时效中断").count() == 0


async def test_a_claim_on_paper_is_typed_line_by_line_and_paid_by_another(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", f"/cases/{county.CASE}")
    await page.get_by_role("link", name="登记手工报销").click()
    await expect(page.locator("h1")).to_have_text("登记手工报销")
    await page.get_by_role("button", name="提交复核").click()
    await expect(page.locator(".q-field--error .q-field__messages")).to_have_text(
        [
            "请填写医疗机构代码",
            "请填写票据号码",
            "请填写就诊（入院）日期",
            "请填写结束（出院）日期",
            "请填写",
            "请填写金额",
        ]
    )
    assert gateway.commands == []
    await page.get_by_label("医疗机构代码").fill(county.HOSPITAL)
    await page.get_by_label("票据号码").fill("3300261234")
    for label in ("就诊（入院）日期", "结束（出院）日期"):
        await page.get_by_label(label).fill("20260501")
    lines = page.locator(".bill-line")
    await lines.nth(0).get_by_label("明细编号或名称").fill("清创缝合")
    await lines.nth(0).get_by_label("金额").fill("1,280.5")
    await lines.nth(0).get_by_label("日期").press("Enter")
    await expect(lines.nth(1).get_by_label("明细编号或名称")).to_be_focused()
    await lines.nth(1).get_by_label("明细编号或名称").fill("进口敷料")
    await lines.nth(1).get_by_label("金额").fill("300")
    await lines.nth(1).get_by_role("combobox", name="目录").click()
    await page.get_by_role("option", name="目录外·已书面同意").click()
    await lines.nth(1).get_by_label("日期").fill("2026-05-01")
    await page.get_by_role("button", name="加一行").click()
    await expect(page.locator(".bill-sum")).to_contain_text("3 行，合计 1,580.50 元")
    await lines.nth(2).get_by_role("button", name="删除").click()
    await expect(lines).to_have_count(2)
    await lines.nth(0).get_by_label("金额").fill("0")
    await lines.nth(0).get_by_label("限价").fill("12.345")
    await lines.nth(1).get_by_label("限价").fill("0")
    await page.get_by_role("button", name="提交复核").click()
    await expect(page.locator(".q-field--error .q-field__messages")).to_have_text(
        [
            "金额不能为 0",
            "请填写金额，最多两位小数",
            "限价应大于 0，没有限价的不填",
        ]
    )
    assert gateway.commands == []
    await lines.nth(0).get_by_label("金额").fill("1,280.5")
    for n in range(2):
        await lines.nth(n).get_by_label("限价").fill("")
    await shot(page, "paper-claim-form")
    await page.get_by_role("button", name="提交复核").click()
    await page.wait_for_url("**/paper-claims/01PAPERNEW")
    assert sent(gateway) == [
        (
            f"/v1/injury-cases/{county.CASE}/paper-claims",
            {
                "inpatient": False,
                "institution_code": county.HOSPITAL,
                "institution_name": "河湾县人民医院",
                "invoice_no": "3300261234",
                "begun_on": "2026-05-01",
                "ended_on": "2026-05-01",
                "lines": [
                    {"line_id": "清创缝合", "amount_fen": 128_050, "in_wi_catalogue": True},
                    {
                        "line_id": "进口敷料",
                        "amount_fen": 30_000,
                        "in_wi_catalogue": False,
                        "consent": True,
                        "occurred_on": "2026-05-01",
                    },
                ],
            },
        )
    ]
    assert await texts(page.locator(".sum")) == ["票据总额 1,580.50", "工伤保险基金 1,280.50", "个人负担 300.00"]
    assert await texts(page.locator("section tr")) == [
        "明细 目录 日期 金额",
        "清创缝合 目录内 — 1,280.50",
        "进口敷料 目录外·已书面同意 2026-05-01 300.00",
        "合计 1,580.50",
    ]
    assert await page.get_by_role("button", name="复核通过并支付").count() == 0
    second = await sign_in("zhaoming", f"/cases/{county.CASE}")
    await expect(second.locator("p.next")).to_have_text("下一步：复核河湾县人民医院的手工报销　去复核")
    await second.get_by_role("link", name="去复核").click()
    await shot(second, "paper-claim")
    await second.get_by_role("button", name="复核通过并支付").click()
    await confirm(second, "复核通过并支付")
    await expect(second.locator(".title-line")).to_contain_text("已支付")
    assert sent(gateway)[-1] == ("/v1/paper-claims/01PAPERNEW/approve", {})


async def test_the_same_invoice_is_refused_at_its_field_and_what_was_typed_stays(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    line = {"line_id": "A", "amount_fen": 100, "in_wi_catalogue": True}
    bill = {"institution_code": "H1", "institution_name": "外地医院", "invoice_no": "7", "inpatient": False}
    dates = {"begun_on": "2026-05-01", "ended_on": "2026-05-02"}
    gateway.injuries.claim_on_paper(county.CASE, {**bill, **dates, "lines": [line]}, "lijing")
    page = await sign_in("lijing", f"/cases/{county.CASE}/paper-claims/new")
    await page.get_by_label("医疗机构代码").fill("H1")
    await page.get_by_label("票据号码").fill("7")
    for label in ("就诊（入院）日期", "结束（出院）日期"):
        await page.get_by_label(label).fill("2026-05-01")
    await page.get_by_label("明细编号或名称").fill("换药")
    await page.get_by_label("金额").fill("80")
    await page.get_by_role("button", name="提交复核").click()
    await expect(page.locator(".q-field--error")).to_contain_text("不是本地定点机构，请填写名称")
    await page.get_by_label("医疗机构名称").fill("外地医院")
    await page.get_by_role("button", name="提交复核").click()
    await expect(page.locator(".q-field--error")).to_contain_text("同一费用已在工伤保险基金报销或正在办理")
    await expect(page.locator(".fault")).to_contain_text("workinjury-bridge.paper-claim.same-bill")
    await expect(page.get_by_label("明细编号或名称")).to_have_value("换药")
    assert gateway.injuries.paper_claims["01PAPERNEW"]["lines"][0]["line_id"] == "A"
    await shot(page, "paper-claim-refused")


async def test_a_benefit_is_proposed_by_item_on_the_bases_that_are_shown(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    path = f"/v1/injury-cases/{county.CASE}"
    page = await sign_in("lijing", f"/cases/{county.CASE}/benefits")
    bases = page.locator("section").filter(has_text="申报待遇").locator("tbody tr")
    assert await texts(bases) == [
        "本人工资 12 个月平均缴费工资，按规定封顶保底 6,200.00",
        "鉴定结论 伤残 4 级 河劳鉴〔2026〕33号，自 2026-08 起",
    ]
    assert await page.get_by_role("button", name="申报一次性伤残补助金").count() == 0
    await page.get_by_role("button", name="申报辅助器具费").click()
    dialog = page.locator(".q-dialog")
    await expect(dialog).to_contain_text("依据：鉴定委员会确认；按实际价格，不超过价格标准。")
    await dialog.get_by_label("票据编号").fill("票 881")
    await dialog.get_by_label("确认书编号").fill("河劳鉴辅〔2026〕9号")
    await dialog.get_by_label("辅助器具代码").fill("FJ-99")
    await dialog.get_by_label("实际价格").fill("1200")
    await dialog.get_by_label("申报材料编号").fill("票 881")
    await confirm(page, "申报辅助器具费")
    await expect(dialog.locator(".q-field--error")).to_contain_text("辅助器具不在价格标准目录内")
    await expect(dialog.get_by_label("实际价格")).to_have_value("1200")
    assert gateway.injuries.proposed == []
    await shot(page, "benefit-refused")
    await dialog.get_by_label("辅助器具代码").fill("FJ-01")
    await confirm(page, "申报辅助器具费")
    await expect(page.locator("section").filter(has_text="一次性待遇")).to_contain_text("辅助器具配置费")
    body = {
        "kind": "device",
        "on": "2026-11-22",
        "reference": "票 881",
        "confirmation_no": "河劳鉴辅〔2026〕9号",
        "device_code": "FJ-01",
        "price_fen": 120_000,
        "materials": ["票 881"],
    }
    assert sent(gateway)[-1] == (f"{path}/benefits", body)


async def test_own_wage_is_recorded_month_by_month(sign_in: SignIn, gateway: FakeGateway) -> None:
    gateway.injuries.wage = None
    page = await sign_in("lijing", f"/cases/{county.CASE}/benefits")
    await page.get_by_role("button", name="登记本人工资").click()
    wages = page.locator(".q-dialog").get_by_label("各月缴费工资")
    await wages.fill("6,000、六千")
    await confirm(page, "登记本人工资")
    await expect(page.locator(".q-dialog .q-field--error")).to_contain_text("请填写金额，最多两位小数")
    assert gateway.commands == []
    await wages.fill("6,000、6,400.50")
    await confirm(page, "登记本人工资")
    await expect(page.locator("section").filter(has_text="申报待遇").locator("tbody tr").first).to_contain_text("6,200.25")
    path = f"/v1/injury-cases/{county.CASE}/own-wage"
    assert sent(gateway) == [(path, {"monthly_wages_fen": [600_000, 640_050]})]
