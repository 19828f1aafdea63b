"""Journeys through the month's end, double bills, partners' documents, what persons are owed, and treatment elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.county import ZHANG
from tests.browser.fake_gateway import FakeGateway
from tests.browser.month_end import CARRIED, CLUE, LIABILITY, OPEN, PAYOUT, SHORT
from tests.browser.test_console import cells, texts
from tests.browser.test_injury_pages import confirm

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]


def sent(gateway: FakeGateway) -> list[tuple[str, dict[str, object]]]:
    """Path and body of every command."""
    return [(path, body) for path, _, body in gateway.commands]


async def test_a_short_run_names_its_remedy_and_the_accountant_books_the_money(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("chenhui", "/clearings")
    runs = page.locator("section").filter(has_text="清算批次").locator("tbody tr")
    assert await texts(runs) == [
        "工伤保险基金 2026-10 未付清 2026-10-30 2026-11-20 ■ 已逾期 2 天 66,540.00 —",
        "职工基本医疗保险基金 2026-11 待复核 2026-11-20 2026-12-10 ● 还剩 18 天 — —",
        "工伤保险基金 2026-09 余额已结转下月 2026-09-30 2026-10-20 — 3,000.00",
    ]
    waiting = page.locator("section").filter(has_text="等人处理")
    await expect(waiting.locator(".light.red")).to_have_text("■ 资金缺口")
    await shot(page, "clearings")
    await waiting.get_by_role("link", name="资金缺口").click()
    await expect(page.locator(".fault")).to_contain_text("■ 资金缺口 66,540.00 元")
    await expect(page.locator(".fault")).to_contain_text("财政专户拨款")
    await expect(page.locator(".fault")).to_contain_text("2026-11-20")
    await expect(page.locator(".fault")).to_contain_text("申请 2026-11-18答复期限 2026-11-23▲ 还剩 1 天")
    await expect(page.locator(".fault")).to_contain_text("逾期未到账的，系统转向下一来源：动用储备金。")
    queue = page.locator("section").filter(has_text="付款顺序").locator("tbody tr")
    assert await texts(queue) == [
        "1 先付个人和用人单位 由系统随办随付，这里先留足 — 3,075.00 — —",
        "2 河湾县人民医院 其中抵扣 420.00 2026-10-09 21,900.00 21,480.00 0.00 ✓ 付清",
        "2 H99010100002 2026-10-14 30,000.00 30,000.00 0.00 ✓ 付清",
        "3 职工基本医疗保险基金 工伤案件 2026-10-16 12,985.00 5,445.00 7,540.00 部分已付",
        "3 城乡居民基本医疗保险基金 工伤案件 2026-10-22 59,000.00 0.00 59,000.00 未付",
    ]
    assert await texts(page.locator("section").filter(has_text="各基金").locator("tr")) == [
        "收款基金 应付 已付 未付",
        "付给职工基本医疗保险基金 部分已付 12,985.00 5,445.00 7,540.00",
        "付给城乡居民基本医疗保险基金 未付 59,000.00 0.00 59,000.00",
        "合计 71,985.00 5,445.00 66,540.00",
    ]
    assert await page.get_by_role("button", name="续付").count() == 0
    await shot(page, "clearing-short")
    await page.get_by_role("button", name="登记补足资金").click()
    await page.locator(".q-dialog").get_by_label("银行回单号").fill("YH20261122-01")
    await shot(page, "clearing-replenish")
    await confirm(page, "登记补足资金")
    await expect(page.get_by_text("陈慧 已登记补足资金 66,540.00 元，等第二人复核。")).to_be_visible()
    body = {"amount_fen": 6_654_000, "source": "fiscal-account", "reference": "YH20261122-01"}
    assert sent(gateway) == [("/v1/fund-replenishments", body)]
    second = await sign_in("zhaoming", "/worklists/proposals")
    await expect(second.get_by_text("工伤保险基金到账 66,540.00 元")).to_be_visible()
    await shot(second, "proposal-replenishment")
    await second.locator(".waiting").filter(has_text="补足资金").get_by_role("button", name="复核通过").click()
    await expect(second.get_by_text("工伤保险基金到账 66,540.00 元")).to_have_count(0)
    assert sent(gateway)[-1] == ("/v1/proposals/01PROPOSALNEW/approve", {})


async def test_another_person_approves_and_resumes_a_run(sign_in: SignIn, gateway: FakeGateway) -> None:
    maker = await sign_in("chenhui", f"/clearings/{OPEN}")
    await expect(maker.locator("h1")).to_have_text("职工基本医疗保险基金 2026-11 月末清算")
    assert await maker.get_by_role("button", name="复核通过并付款").count() == 0
    page = await sign_in("zhaoming", f"/clearings/{OPEN}")
    await page.get_by_role("button", name="复核通过并付款").click()
    await expect(page.locator(".title-line")).to_contain_text("付款中")
    await page.goto(f"/clearings/{SHORT}")
    await page.get_by_role("button", name="续付").click()
    await expect(page.locator(".title-line")).to_contain_text("付款中")
    assert sent(gateway) == [
        (f"/v1/interfund-clearings/{OPEN}/approve", {}),
        (f"/v1/interfund-clearings/{SHORT}/resume", {}),
    ]
    await page.goto(f"/clearings/{CARRIED}")
    carried = page.locator("section").filter(has_text="各基金").locator("tbody tr")
    assert await texts(carried) == ["付给职工基本医疗保险基金 部分已付 9,000.00 6,000.00 3,000.00"]


async def test_the_accountant_proposes_a_month(sign_in: SignIn, gateway: FakeGateway) -> None:
    page = await sign_in("chenhui", "/clearings")
    await page.get_by_role("button", name="提出清算").click()
    await confirm(page, "提出清算")
    await expect(page.get_by_role("link", name="工伤保险基金 2026-11")).to_be_visible()
    assert sent(gateway) == [("/v1/interfund-clearings", {"payer": "WI", "month": "2026-11"})]


async def test_a_month_of_a_book_is_closed_by_two(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("chenhui", "/funds/WI")
    await expect(page.get_by_text("已结账：2026-09、2026-08")).to_be_visible()
    await shot(page, "funds-closed")
    await page.get_by_role("button", name="提请结账").click()
    await confirm(page, "提请结账")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    assert sent(gateway) == [("/v1/ledger/periods", {"book": "WI", "month": "2026-10"})]
    second = await sign_in("zhouqiang", "/worklists/proposals")
    await expect(second.get_by_text("结账后这个月不能再记账")).to_be_visible()
    await second.locator(".waiting").filter(has_text="结账").get_by_role("button", name="复核通过").click()
    await expect(second.get_by_text("结账后这个月不能再记账")).to_have_count(0)


async def test_a_double_bill_is_confirmed_by_two_or_cleared_with_a_reason(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", "/double-bills")
    clues = page.locator(".waiting")
    await expect(clues).to_have_count(2)
    await expect(clues.nth(0)).to_contain_text("同一张票据")
    await expect(clues.nth(0)).to_contain_text("■ 已逾期 2 天")
    await shot(page, "double-bills")
    await clues.nth(0).get_by_role("button", name="提请确认").click()
    await confirm(page, "提请确认")
    await expect(page.get_by_text("李静 已提请确认为同一笔费用，等第二人复核。")).to_be_visible()
    assert await clues.nth(0).get_by_role("button").count() == 0
    await clues.nth(1).get_by_role("button", name="排除").click()
    await confirm(page, "排除")
    await expect(page.get_by_text("请填写理由")).to_be_visible()
    await page.locator(".q-dialog").get_by_label("理由").fill("两次就诊")
    await confirm(page, "排除")
    await expect(clues).to_have_count(1)
    assert sent(gateway) == [
        (f"/v1/double-bills/{CLUE}/confirm", {}),
        ("/v1/double-bills/01DOUBLEBILLNEAR/clear", {"note": "两次就诊"}),
    ]
    second = await sign_in("zhaoming", "/worklists/proposals")
    await expect(second.get_by_text("冲回医保结算，多得的款转入追偿")).to_be_visible()
    clerk = await sign_in("wangfang", "/double-bills")
    await expect(clerk.locator(".waiting")).to_have_count(1)
    assert await clerk.locator(".waiting").get_by_role("button").count() == 0


async def test_a_partners_document_is_accepted_or_returned_with_a_reason(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", "/partner-documents")
    assert await cells(page, "table.rows") == [
        ["道路交通事故认定书", "河公交认字〔2026〕第214号", "县公安局交通警察大队", "追偿", "2026-11-21 15:20", "—"]
    ]
    await shot(page, "partner-documents")
    await page.get_by_role("link", name="道路交通事故认定书").click()
    assert (await cells(page, "section table"))[:2] == [["第三人责任比例", "70.5%"], ["第三人编号", "T0071"]]
    await shot(page, "partner-document")
    await page.get_by_role("button", name="退回").click()
    await page.locator(".q-dialog").get_by_label("退回理由").fill("事故当事人不是本案职工")
    await confirm(page, "退回")
    await expect(page.get_by_text("退回理由：事故当事人不是本案职工")).to_be_visible()
    assert sent(gateway) == [(f"/v1/partner-documents/{LIABILITY}/return", {"reason": "事故当事人不是本案职工"})]
    gateway.reset()
    other = await sign_in("zhaoming", f"/partner-documents/{LIABILITY}")
    await expect(other.locator("h1")).to_have_text("道路交通事故认定书")
    assert await other.get_by_role("button", name="受理").count() == 0
    await page.reload()
    await page.get_by_role("button", name="受理").click()
    await expect(page.locator(".title-line")).to_contain_text("已受理")
    assert sent(gateway) == [(f"/v1/partner-documents/{LIABILITY}/accept", {})]


async def test_what_a_person_is_owed_is_proposed_by_one_and_paid_by_another(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", "/person-dues")
    dues = page.locator(".waiting")
    await expect(dues).to_have_count(2)
    await expect(dues.nth(1)).to_contain_text("1,280.50 元等第二人复核")
    assert await dues.nth(1).get_by_role("button").count() == 0
    await shot(page, "person-dues")
    await dues.nth(0).get_by_role("button", name="提请支付").click()
    await expect(dues.nth(0)).to_contain_text("等第二人复核")
    await page.goto("/person-dues?state=proposed")
    await expect(page.locator(".waiting")).to_have_count(2)
    assert await page.get_by_role("button", name="复核通过并支付").count() == 0
    second = await sign_in("zhaoming", "/person-dues?state=proposed")
    await expect(second.locator(".waiting")).to_have_count(2)
    await shot(second, "person-payouts")
    await second.locator(".waiting").nth(0).get_by_role("button", name="复核通过并支付").click()
    await expect(second.locator(".waiting")).to_have_count(1)
    await second.locator(".waiting").get_by_role("button", name="退回").click()
    await expect(second.get_by_text("✓ 没有待复核的支付。")).to_be_visible()
    await second.goto("/person-dues?state=paid")
    await expect(second.locator(".waiting")).to_contain_text(f"凭证 {PAYOUT}-EMP")
    assert [path for path, _ in sent(gateway)] == [
        "/v1/person-payouts",
        f"/v1/person-payouts/{PAYOUT}/approve",
        "/v1/person-payouts/01PAYOUTNEW/reject",
    ]
    assert gateway.month_end.payouts[PAYOUT]["person_id"] == ZHANG
