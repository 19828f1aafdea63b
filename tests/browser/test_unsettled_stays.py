"""Journeys through stays that are not settled: put on credit and off it, split beforehand; and a debt that the employer owes instead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser import county
from tests.browser.fake_gateway import FakeGateway
from tests.browser.injuries import THIRD_DEBT, UNINSURED
from tests.browser.test_console import cells, texts
from tests.browser.test_injury_pages import confirm
from tests.browser.test_month_end_pages import sent
from tests.browser.unsettled_stays import CREDIT, DISCHARGED, INSIDE, ON_CREDIT

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]

STAY = "河湾县人民医院　2026-11-02 至 2026-11-12　12,860.00 元"
GOING = "河湾县人民医院　2026-11-18 起　130,474.60 元"


async def mark(page: Page, label: str, *options: str) -> None:
    """Choose lines in one of the lists of a split."""
    box = page.locator(".q-dialog").get_by_label(label)
    for option in options:
        await box.fill(option)
        await expect(page.get_by_role("option")).to_have_count(1)
        await page.get_by_role("option", name=option).click()
    await page.keyboard.press("Tab")


async def test_a_third_partys_debt_goes_over_to_the_employer_that_was_not_insured(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", f"/recoveries/{THIRD_DEBT}")
    await page.get_by_role("button", name="改由用人单位偿还").click()
    dialog = page.locator(".q-dialog")
    amount = dialog.get_by_label("改由单位偿还的金额")
    await expect(amount).to_have_value("3075.00")
    await confirm(page, "改由用人单位偿还")
    await expect(dialog.locator(".fault")).to_contain_text("用人单位已参保，不能改由用人单位偿还")
    assert gateway.injuries.debts[THIRD_DEBT]["open_fen"] == 307_500
    await shot(page, "recovery-employer-refused")
    gateway.injuries.debts[THIRD_DEBT]["case_id"] = UNINSURED
    await amount.fill("2,000")
    await confirm(page, "改由用人单位偿还")
    await expect(page.locator(".sum", has_text="转由他人偿还")).to_have_text("转由他人偿还2,000.00")
    await expect(page.locator(".sum", has_text="未收回")).to_have_text("未收回1,075.00")
    path = f"/v1/recoveries/{THIRD_DEBT}/debtor"
    assert sent(gateway) == [
        (path, {"amount_fen": 307_500, "to": "employer"}),
        (path, {"amount_fen": 200_000, "to": "employer"}),
    ]
    await shot(page, "recovery-employer")
    await page.get_by_role("button", name="第三人已付给个人").click()
    await dialog.get_by_label("付给个人的金额").fill("75")
    await confirm(page, "第三人已付给个人")
    await expect(page.locator(".sum", has_text="未收回")).to_contain_text("1,000.00")
    assert sent(gateway)[-1] == (path, {"amount_fen": 7_500})


async def test_a_stay_is_put_on_credit_at_its_case_and_the_credit_is_ended(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("wangfang", f"/cases/{UNINSURED}")
    credits = page.locator("table.acting").first
    first = "河湾县人民医院 2026-10-08 至 2026-10-21 住院号 ZY20261008"
    assert await texts(credits.locator("tbody tr")) == [f"{first} 挂账中 2027-01-19 ● 还剩 58 天 — 8,640.00 结束挂账"]
    await page.get_by_role("button", name="登记挂账").click()
    dialog = page.locator(".q-dialog")
    await expect(dialog.get_by_label("住院")).to_have_value(STAY)
    await shot(page, "credit-ask")
    await confirm(page, "登记挂账")
    await expect(credits.locator("tbody tr")).to_have_count(2)
    await expect(credits).to_contain_text("2027-02-10● 还剩 80 天")
    assert await page.get_by_role("button", name="登记挂账").count() == 0
    await credits.get_by_role("button", name="结束挂账").first.click()
    await confirm(page, "结束挂账")
    await expect(credits).to_contain_text("经办人撤销挂账")
    assert await texts(credits.locator("tbody tr").nth(1)) == [f"{first} 已结束 经办人撤销挂账 — — 8,640.00 —"]
    assert sent(gateway) == [
        ("/v1/stay-credits", {"person_id": county.WANG_ELDER, "visit_id": DISCHARGED}),
        (f"/v1/stay-credits/{CREDIT}/withdraw", {}),
    ]
    await shot(page, "case-credits")
    # What is off credit may be put on it again.
    await page.get_by_role("button", name="登记挂账").click()
    await expect(dialog.get_by_label("住院")).to_have_value("河湾县人民医院　2026-10-08 至 2026-10-21　8,640.00 元")
    for username in ("zhaoming", "chenhui"):
        page = await sign_in(username, f"/cases/{UNINSURED}")
        await expect(page.locator("table.acting").first).to_contain_text("等工伤认定")
        assert await page.get_by_role("button", name="挂账").count() == 0


async def test_a_settled_credit_leads_to_its_settlement_and_a_refused_one_says_why(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    ended = {"ended_by": "denied", "ended_text": "不予认定工伤，按医保结算", "settlement_id": county.STAY}
    gateway.unsettled.credits[0] |= {"state": "settled", "days_left": None, "hindrance": None, **ended}
    for visit in gateway.unsettled.visits:
        visit["settled_fen"] = visit["total_fen"] if visit["visit_id"] == ON_CREDIT else visit["settled_fen"]
        visit["injury_suspect"] = False
    page = await sign_in("lijing", f"/cases/{UNINSURED}")
    link = page.locator("table.acting").first.get_by_role("link", name="不予认定工伤，按医保结算")
    await expect(link).to_have_attribute("href", f"/settlements/{county.STAY}")
    assert await page.get_by_role("button", name="结束挂账").count() == 0
    await page.get_by_role("button", name="登记挂账").click()
    await confirm(page, "登记挂账")
    await expect(page.locator(".q-dialog .fault")).to_contain_text("该次住院没有工伤线索")
    await shot(page, "credit-refused")
    assert len(gateway.unsettled.credits) == 1


async def test_a_credit_is_ended_in_the_worklist(sign_in: SignIn, gateway: FakeGateway) -> None:
    gateway.unsettled.credits[0]["hindrance"] = "工伤业务暂时连不上"
    page = await sign_in("zhouqiang", "/worklists/credits")
    assert (await cells(page, "table.rows"))[0][3:] == ["工伤业务暂时连不上", "8,640.00", "等工伤认定"]
    page = await sign_in("lijing", "/worklists/credits")
    await page.get_by_role("button", name="结束挂账", exact=True).click()
    await expect(page.locator(".q-dialog")).to_contain_text("由医院按普通住院结算；或属误登记")
    await page.get_by_role("button", name="不办了").click()
    assert gateway.commands == []
    await page.get_by_role("button", name="结束挂账", exact=True).click()
    await confirm(page, "结束挂账")
    await expect(page.locator(".empty")).to_have_text("没有挂账等待工伤认定的住院。")
    assert sent(gateway) == [(f"/v1/stay-credits/{CREDIT}/withdraw", {})]


async def test_a_stay_is_split_before_it_is_settled_disputed_and_decided(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("wangfang", f"/cases/{UNINSURED}")
    await page.get_by_role("button", name="登记结算前拆分").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_role("button", name="去选明细").click()
    await expect(dialog.locator(".q-field--error")).to_contain_text("请填写住院")
    await dialog.get_by_label("住院").click()
    await expect(page.get_by_role("option")).to_have_count(3)
    assert await texts(page.get_by_role("option")) == [
        " ".join(name.split()) for name in (GOING, STAY, "河湾县人民医院　2026-10-08 至 2026-10-21　8,640.00 元")
    ]
    await page.get_by_role("option", name=GOING, exact=True).click()
    await shot(page, "stay-split-choose")
    await dialog.get_by_role("button", name="去选明细").click()
    await page.wait_for_url(f"**/stay-splits/{INSIDE}?case={UNINSURED}")
    assert gateway.commands == []
    await expect(page.locator(".page-head")).to_contain_text("住院号 ZY20261118")
    await expect(page.locator(".page-head")).to_contain_text("未结算费用 130,474.60 元")
    bill = page.locator("section").filter(has_text="金额已扣除退费")
    assert await texts(bill.locator("tr")) == [
        "明细 日期 金额（元）",
        "切开复位内固定术 2026-11-18 6,800.00",
        "二甲双胍缓释片 2026-11-18 48.60",
        "糖化血红蛋白测定 2026-11-19 70.00",
        "床位费 2026-11-19 100.00",
        "胰岛素泵持续皮下注射胰岛素（含耗材，按日收取，内分泌科会诊医嘱） 2026-11-20 123,456.00",
        "合计 130,474.60",
    ]
    await shot(page, "stay-split-bill")
    await page.get_by_role("button", name="登记医院拆分").click()
    await dialog.get_by_role("button", name="确认登记医院拆分").click()
    await expect(dialog.locator(".fault")).to_contain_text("请至少选一条明细")
    assert gateway.commands == []
    await mark(page, "治疗自身疾病", "二甲双胍缓释片", "胰岛素泵")
    await mark(page, "两者共用", "床位费")
    await dialog.get_by_label("共用部分算工伤的份数").fill("2")
    await dialog.get_by_label("总份数").fill("3")
    await shot(page, "stay-split-form")
    await dialog.get_by_role("button", name="确认登记医院拆分").click()
    split = page.locator("section").filter(has_text="费用拆分")
    await expect(split.locator(".badge")).to_have_text("等审核同意")
    assert await texts(split.locator(".facts > span")) == [
        "等审核同意",
        "自身疾病 123,504.60 元",
        "共用 100.00 元",
        "共用部分按 2 / 3 算工伤",
    ]
    flags = [
        {"line_id": "7002", "belongs": "own-disease"},
        {"line_id": "7004", "belongs": "shared"},
        {"line_id": "7005", "belongs": "shared"},
        {"line_id": "7006", "belongs": "own-disease"},
    ]
    proposed = {"visit_id": INSIDE, "lines": flags, "numerator": 2, "denominator": 3}
    assert sent(gateway) == [(f"/v1/injury-cases/{UNINSURED}/stay-splits", proposed)]
    assert await page.get_by_role("button", name="拆分").count() == 0

    page = await sign_in("lijing", "/worklists/stay-splits")
    assert (await cells(page, "table.rows"))[0] == [
        "王* 9901**********1212",
        "等审核同意",
        "自身疾病 2 项，共用 2 项",
        "2026-11-25 ▲ 还剩 2 天",
        "审核拆分",
    ]
    await shot(page, "worklist-stay-splits")
    await page.get_by_role("link", name="审核拆分").click()
    await page.wait_for_url(f"**/stay-splits/{INSIDE}")
    await expect(page.locator(".page-head")).to_contain_text("医院拆分由王芳登记")
    split = page.locator("section").filter(has_text="费用拆分")
    assert await texts(split.locator("tbody tr")) == [
        "二甲双胍缓释片 2026-11-18 自身疾病 48.60",
        "床位费 2026-11-19 共用 100.00",
        "胰岛素泵持续皮下注射胰岛素（含耗材，按日收取，内分泌科会诊医嘱） 2026-11-20 自身疾病 123,456.00",
    ]
    await shot(page, "stay-split-review")
    await page.get_by_role("button", name="不同意，请专家").click()
    await confirm(page, "不同意，请专家")
    await expect(page.locator(".q-dialog .q-field--error")).to_contain_text("请填写意见")
    await page.locator(".q-dialog").get_by_label("意见").fill("床位费与自身疾病无关")
    await confirm(page, "不同意，请专家")
    await expect(split.locator(".facts")).to_contain_text("意见：床位费与自身疾病无关")
    assert sent(gateway)[-1] == (f"/v1/stay-splits/{INSIDE}/dispute", {"note": "床位费与自身疾病无关"})
    # Whoever disputed is not the expert's voice.
    assert await page.get_by_role("button", name="登记专家意见").count() == 0


async def test_the_experts_opinion_ends_a_dispute(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    flags = [{"line_id": "7002", "belongs": "own-disease"}, {"line_id": "6999", "belongs": "shared"}]
    gateway.unsettled.propose(UNINSURED, {"visit_id": INSIDE, "lines": flags}, "wangfang")
    gateway.unsettled.review(INSIDE, "dispute", {"note": "审核逾期"}, "system")
    page = await sign_in("lijing", "/worklists/stay-splits")
    await page.get_by_role("link", name="登记专家意见").click()
    split = page.locator("section").filter(has_text="费用拆分")
    assert await texts(split.locator("tbody tr")) == [
        "二甲双胍缓释片 2026-11-18 自身疾病 48.60",
        "明细 6999 不在现有费用中 — 共用 —",
    ]
    await expect(page.locator(".page-head")).to_contain_text("系统（逾期）提出异议")
    await page.get_by_role("button", name="登记专家意见").click()
    await mark(page, "治疗自身疾病", "糖化血红蛋白测定")
    await page.locator(".q-dialog").get_by_label("意见").fill("专家组一致意见")
    await confirm(page, "登记专家意见")
    await expect(split.locator(".badge")).to_have_text("专家已定")
    opinion = {"lines": [{"line_id": "7003", "belongs": "own-disease"}], "note": "专家组一致意见"}
    assert sent(gateway) == [(f"/v1/stay-splits/{INSIDE}/opinion", opinion)]
    await expect(page.locator(".page-head")).to_contain_text("李静登记专家意见")
    await shot(page, "stay-split-decided")
    # It is over: the hospital may flag the lines anew.
    page = await sign_in("wangfang", f"/stay-splits/{INSIDE}")
    await expect(page.get_by_role("button", name="登记医院拆分")).to_be_visible()


async def test_a_split_is_agreed_by_another_than_registered_it(sign_in: SignIn, gateway: FakeGateway) -> None:
    flags = [{"line_id": "7002", "belongs": "own-disease"}]
    gateway.unsettled.propose(UNINSURED, {"visit_id": INSIDE, "lines": flags}, "lijing")
    page = await sign_in("lijing", f"/stay-splits/{INSIDE}")
    await expect(page.locator("h1")).to_have_text("结算前拆分")
    assert await page.get_by_role("button", name="同意").count() == 0
    gateway.unsettled.splits[INSIDE]["proposed_by"] = "wangfang"
    await page.reload()
    await page.get_by_role("button", name="同意拆分", exact=True).click()
    await confirm(page, "同意拆分")
    await expect(page.locator(".badge", has_text="已同意")).to_be_visible()
    await expect(page.locator(".page-head")).to_contain_text("李静同意")
    assert sent(gateway) == [(f"/v1/stay-splits/{INSIDE}/agree", {})]


async def test_why_a_stay_cannot_be_split(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("wangfang", f"/stay-splits/{INSIDE}")
    await expect(page.locator(".hint")).to_have_text("请从工伤案件登记这次住院的费用拆分。")
    for address, why in (
        (f"/stay-splits/{INSIDE}?case={county.CASE}", "这次住院不是本案职工的，不能在本案登记拆分。"),
        (f"/stay-splits/01SETTLED?case={UNINSURED}", "这次住院的费用已经结算，拆分不能再改。"),
        (f"/stay-splits/{DISCHARGED}?case={UNINSURED}", "医院还没有上传费用明细，上传后再登记拆分。"),
    ):
        await page.goto(address)
        await expect(page.locator(".hint")).to_have_text(why)
        assert await page.get_by_role("button", name="登记医院拆分").count() == 0
    await shot(page, "stay-split-hindered")
    await page.goto("/stay-splits/01NOWHERE")
    await expect(page.locator(".state")).to_contain_text("claims.visit.unknown")
    page = await sign_in("chenhui", f"/stay-splits/{INSIDE}?case={UNINSURED}")
    await expect(page.locator("h1")).to_have_text("结算前拆分")
    assert await page.get_by_role("button", name="登记医院拆分").count() == 0


async def test_a_case_without_such_stays_says_nothing_and_one_that_may_not_show_them_says_so(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await sign_in("wangfang", f"/cases/{county.CASE}")
    await expect(page.locator("h1")).to_have_text("工伤案件")
    assert await page.get_by_text("挂账住院").count() == 0
    for button in ("登记挂账", "登记结算前拆分"):
        assert await page.get_by_role("button", name=button).count() == 0
    scopes = county.ROLES["wangfang"]["scopes"].replace("settlements:read", "")
    monkeypatch.setitem(county.ROLES, "wangfang", {**county.ROLES["wangfang"], "scopes": scopes})
    await page.goto(f"/cases/{UNINSURED}")
    await expect(page.locator("section", has_text="挂账住院")).to_contain_text("您的岗位没有查看此项的权限。")
    for button in ("登记挂账", "登记结算前拆分"):
        assert await page.get_by_role("button", name=button).count() == 0
