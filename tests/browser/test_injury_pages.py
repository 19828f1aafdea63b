"""Journeys through the work-injury pages: the case, debts, worklists, the director's figures, benefits, the pension run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from shared.crypto import sm3
from tests.browser import county
from tests.browser.fake_gateway import FakeGateway
from tests.browser.injuries import DEBT, DEDUCTION, ITEM, PROPOSAL, THIRD_DEBT, TWICE_PAID, UNINSURED
from tests.browser.test_console import cells, texts

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]


def settle(gateway: FakeGateway) -> None:
    """The conversion of F1 is approved and paid."""
    now = gateway.conversion
    now |= {"state": "settled", "maker": "lijing", "checker": "zhaoming", "paid": True}
    at = "2026-11-22T09:32:00+08:00"
    moved = {"transfer_id": "01T", "book": "EMP", "direction": "out", "amount_fen": 1_298_500}
    now["transfers"] = [{**moved, "voucher_no": "JZ2026112200001", "state": "confirmed", "changed_at": at, "cause": None}]
    now["payments"] = [
        {"kind": kind, "voucher_no": "JZ2026112200002", "amount_fen": amount, "paid_at": at}
        for kind, amount in (("refund", 271_500), ("meals", 36_000))
    ]
    gateway.journals += county.conversion_journals("lijing", "zhaoming")


async def confirm(page: Page, text: str) -> None:
    """Press the button of a question."""
    await page.locator(".q-dialog").get_by_role("button", name=f"确认{text}", exact=True).click()


async def test_a_proposed_case_says_what_comes_next_and_who_will_owe_whom(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("lijing", f"/cases/{county.CASE}")
    assert await texts(page.locator(".stations li")) == [
        "✓ 受伤 2026-03-02",
        "✓ 申请认定 2026-11-09",
        "✓ 认定为工伤 2026-11-19",
        "✓ 费用转换 2026-11-20 1 次住院",
        "▶ 复核入账 进行中",
        "基金到账 —",
        "退付个人 —",
    ]
    owing = page.locator("section").filter(has_text="现在谁欠谁").locator("tbody tr")
    assert await texts(owing) == [
        "工伤保险基金 欠 职工基本医疗保险基金 归还已付的统筹和个人账户支出 复核通过后入账 12,985.00",
        "工伤保险基金 欠 个人 退还个人垫付的现金 复核通过后入账 2,715.00",
        "工伤保险基金 欠 个人 住院伙食补助 复核通过后入账 360.00",
    ]
    await expect(page.locator("p.next")).to_have_text("下一步：初审河湾县人民医院住院费用的转换　去初审")
    await expect(page.get_by_role("link", name="去初审")).to_have_attribute("href", f"/conversions/{county.CONVERSION}")
    await shot(page, "case-proposed")
    await page.get_by_role("link", name="河湾县人民医院").click()
    await page.wait_for_url(f"**/conversions/{county.CONVERSION}")


async def test_the_reviewer_states_what_is_known_of_the_accident_and_that_it_is_contested(
    sign_in: SignIn, gateway: FakeGateway
) -> None:
    path = f"/v1/injury-cases/{county.CASE}"
    page = await sign_in("lijing", f"/cases/{county.CASE}")
    await page.get_by_role("button", name="登记事故情况").click()
    await confirm(page, "登记事故情况")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await page.get_by_role("button", name="登记复议或诉讼").click()
    await page.locator(".q-dialog input").fill("2026-11-20")
    await confirm(page, "登记复议或诉讼")
    await expect(page.get_by_text("复议或诉讼中")).to_be_visible()
    assert [(sent, body) for sent, _, body in gateway.commands] == [
        (f"{path}/facts", {"employer_insured": True}),
        (f"{path}/contests", {"opened_on": "2026-11-20"}),
    ]
    page = await sign_in("wangfang", f"/cases/{county.CASE}")
    await expect(page.locator("h1")).to_have_text("工伤案件")
    assert await page.get_by_role("button", name="登记事故情况").count() == 0
    assert await page.locator("p.next").count() == 0


async def test_a_settled_case_shows_both_books_voucher_by_voucher(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    settle(gateway)
    page = await sign_in("chenhui", f"/cases/{county.CASE}")
    assert [text.split()[0] for text in await texts(page.locator(".stations li"))] == ["✓"] * 7
    heads = await texts(page.locator(".pair-head"))
    assert heads == [
        "2026-11-22 转换 转账凭证 制单 李静 复核 赵明",
        "2026-11-22 划转 凭证 JZ2026112200001 制单 李静 复核 赵明 打印凭证",
        "2026-11-22 支付 凭证 JZ2026112200002 制单 李静 复核 赵明 打印凭证",
        "2026-11-22 审核扣款 凭证 JZ2026112200003 制单 李静 复核 赵明 打印凭证",
    ]
    transfer = page.locator(".pair-row").nth(1).locator("tfoot")
    assert await texts(transfer) == ["合计✓ 平 12,985.00 12,985.00", "合计✓ 平 12,985.00 12,985.00"]
    assert await texts(page.locator(".sum-row p")) == [
        "医保各基金账合计 借 25,970.00 贷 25,970.00 ✓ 平",
        "工伤保险基金账合计 借 32,540.00 贷 32,540.00 ✓ 平",
    ]
    assert await texts(page.locator("section").filter(has_text="现在谁欠谁").locator("tbody tr")) == [
        "医疗机构 欠 工伤保险基金 审核扣款或未经同意的目录外费用，医院月结时抵扣 420.00"
    ]
    await shot(page, "case-settled")
    address = await page.locator(".pair-head a").first.get_attribute("href")
    sheet = await page.request.get(str(address))
    assert (sheet.status, sheet.headers["content-type"], await sheet.body()) == (
        200,
        "application/pdf",
        b"%PDF of JZ2026112200001",
    )
    unknown = await page.request.get(f"/cases/{county.CASE}/vouchers/JZ9.pdf")
    assert unknown.status == 404
    assert "gateway.voucher.unknown" in await unknown.text()
    await page.emulate_media(media="print")
    await shot(page, "case-settled-paper")


async def test_the_advance_is_approved_by_somebody_else_than_who_served_the_notice(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("zhaoming", f"/cases/{UNINSURED}")
    await expect(page.locator(".title-line")).to_contain_text("单位未参保")
    await expect(page.get_by_text("■ 已逾期 3 天")).to_be_visible()
    await page.get_by_role("button", name="同意先行支付").click()
    await shot(page, "case-advance")
    await confirm(page, "同意先行支付")
    await expect(page.get_by_text("已决定先行支付")).to_be_visible()
    assert [(path, body) for path, _, body in gateway.commands] == [("/v1/advances/01ADVANCEWANG/approve", {})]
    clerk = await sign_in("wangfang", f"/cases/{UNINSURED}")
    await expect(clerk.locator("h1")).to_have_text("工伤案件")
    assert await clerk.get_by_role("button", name="同意先行支付").count() == 0


async def test_a_deduction_is_objected_to_and_stands(sign_in: SignIn, gateway: FakeGateway) -> None:
    settle(gateway)
    page = await sign_in("wangfang", f"/cases/{county.CASE}")
    await page.get_by_role("button", name="登记医院异议").click()
    await page.locator(".q-dialog input").fill("按规定收费")
    await confirm(page, "登记医院异议")
    await expect(page.get_by_text("医院有异议")).to_be_visible()
    page = await sign_in("zhaoming", f"/cases/{county.CASE}")
    await page.get_by_role("button", name="扣款成立").click()
    await confirm(page, "扣款成立")
    await expect(page.locator(".badge", has_text="扣款成立")).to_be_visible()
    assert [(path, body) for path, _, body in gateway.commands] == [
        (f"/v1/audit-deductions/{DEDUCTION}/objection", {"note": "按规定收费"}),
        (f"/v1/audit-deductions/{DEDUCTION}/confirm", {}),
    ]


async def test_a_document_is_registered_by_its_digest(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("lijing", f"/cases/{county.CASE}")
    await page.get_by_role("button", name="登记附件").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("材料名称").fill("事故责任认定书")
    await dialog.get_by_label("文号").fill("河公交认〔2026〕7号")
    await dialog.get_by_role("button", name="登记", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("请先选取扫描件")
    assert gateway.commands == []
    await dialog.locator("input[type=file]").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"scan"}
    )
    await expect(dialog.locator(".q-uploader__file--uploaded")).to_be_visible()
    await shot(page, "case-document")
    await dialog.get_by_role("button", name="登记", exact=True).click()
    await expect(page.get_by_text("事故责任认定书")).to_be_visible()
    ((path, _, body),) = gateway.commands
    assert (path, body) == (
        "/v1/decision-documents",
        {
            "subject_kind": "case",
            "subject_id": county.CASE,
            "name": "事故责任认定书",
            "reference_no": "河公交认〔2026〕7号",
            "digest": sm3(b"scan").hex(),
            "size_bytes": 4,
        },
    )


async def test_debts_by_age_lead_to_the_money(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("chenhui", "/worklists")
    assert await texts(page.locator(".age")) == [
        "全部 21,375.00 2 笔",
        "0–30 天 0.00 0 笔",
        "31–90 天 0.00 0 笔",
        "91–180 天 3,075.00 1 笔",
        "181–365 天 18,300.00 1 笔",
        "366 天以上 0.00 0 笔",
    ]
    rows = await cells(page, "table.rows")
    assert rows[0][:1] + rows[0][3:] == [
        "用人单位",
        "188 天",
        "2026-11-16 ■ 已逾期 6 天",
        "23,300.00",
        "18,300.00",
        "再次催收或签分期协议",
    ]
    await shot(page, "worklist-recoveries")
    await page.locator(".age", has_text="91–180").click()
    await page.wait_for_url("**/worklists/recoveries?since=2026-05-26&until=2026-08-23")
    assert [row[0] for row in await cells(page, "table.rows")] == ["第三人（待查明）"]
    await page.goto(f"/recoveries/{DEBT}")
    await page.get_by_role("button", name="登记到账").click()
    dialog = page.locator(".q-dialog")
    await expect(dialog.get_by_label("到账本金")).to_have_value("18300.00")
    await dialog.get_by_label("到账本金").fill("20000")
    await dialog.get_by_label("银行回单号").fill("农商行 20261122-0001")
    await confirm(page, "登记到账")
    await expect(dialog.locator(".fault")).to_contain_text("到账金额超过未收回的 18300.00 元")
    assert gateway.injuries.debts[DEBT]["open_fen"] == 1_830_000
    await dialog.get_by_label("到账本金").fill("8300")
    await confirm(page, "登记到账")
    await expect(page.locator(".sum", has_text="未收回")).to_contain_text("10,000.00")
    assert gateway.commands[-1][2] == {"amount_fen": 830_000, "reference": "农商行 20261122-0001"}


async def test_the_reviewer_fixes_liability_and_proposes_a_write_off_that_another_decides(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", f"/recoveries/{THIRD_DEBT}")
    await expect(page.locator(".next")).to_have_text("下一步：确定第三人责任比例")
    await page.get_by_role("button", name="确定责任比例").click()
    await page.locator(".q-dialog").get_by_label("第三人责任比例").click()
    await page.get_by_role("option", name="主要责任 70%").click()
    await confirm(page, "确定责任比例")
    await expect(page.get_by_text("责任比例 70%")).to_be_visible()
    assert gateway.commands[-1][2] == {"share": 700_000}
    await page.goto(f"/recoveries/{DEBT}")
    await page.get_by_role("button", name="提请核销").click()
    await page.locator(".q-dialog").get_by_label("批准文号").fill("河政办批〔2026〕9号")
    await confirm(page, "提请核销")
    await expect(page.locator(".hint")).to_contain_text("李静 已提请核销，等第二人复核。")
    await shot(page, "recovery")
    await page.goto("/worklists/proposals")
    assert await page.get_by_role("button", name="复核通过").count() == 0
    await expect(page.get_by_role("button", name="撤回")).to_have_count(2)
    page = await sign_in("zhaoming", "/worklists/proposals")
    await expect(page.locator(".waiting")).to_have_count(2)
    await shot(page, "worklist-proposals")
    await page.locator(".waiting", has_text="审核扣款").get_by_role("button", name="复核通过").click()
    await expect(page.locator(".waiting")).to_have_count(1)
    assert gateway.commands[-1][0] == f"/v1/proposals/{PROPOSAL}/approve"


async def test_a_debt_to_a_medical_fund_is_met_from_benefits_when_two_people_say_so(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("lijing", f"/recoveries/{TWICE_PAID}")
    await page.get_by_role("button", name="登记抵扣").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_role("radio", name="本人书面同意").click()
    await dialog.get_by_label("文号").fill("同意书 2026-17")
    await confirm(page, "登记抵扣")
    await expect(page.locator("section", has_text="从工伤待遇中抵扣")).to_contain_text("等第二人复核")
    asked = {"ground": "consent", "document_no": "同意书 2026-17", "documented_on": "2026-11-22", "amount_fen": 960_500}
    assert gateway.commands[-1][0] == f"/v1/recoveries/{TWICE_PAID}/set-offs"
    assert gateway.commands[-1][2] == asked
    assert await page.get_by_role("button", name="复核抵扣").count() == 0
    page = await sign_in("zhaoming", f"/recoveries/{TWICE_PAID}")
    await page.get_by_role("button", name="复核抵扣").click()
    await confirm(page, "复核抵扣")
    await expect(page.locator("section", has_text="从工伤待遇中抵扣")).to_contain_text("抵扣中")
    assert gateway.commands[-1][0] == "/v1/set-offs/01SETOFF/approve"
    await shot(page, "recovery-set-off")


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("advances", ["用人单位", "已催告，等单位支付", "2026-11-09", "2026-11-19 ■ 已逾期 3 天", "期满后作出决定"]),
        (
            "deductions",
            ["河湾县人民医院", "超标准收取护理费", "已扣款，等医院意见", "2026-12-04 ● 还剩 12 天", "420.00", "期满后定案"],
        ),
        (
            "splits",
            [
                "河湾县人民医院",
                "2026-10-08 至 2026-10-21",
                "等审核同意",
                "自身疾病 4 项，共用 2 项",
                "2026-11-25 ▲ 还剩 2 天",
                "审核拆分",
            ],
        ),
        (
            "credits",
            [
                "河湾县人民医院",
                "2026-10-08 至 2026-10-21 住院号 ZY20261008",
                "2027-01-19 ● 还剩 58 天",
                "—",
                "8,640.00",
                "结束挂账",
            ],
        ),
        (
            "mismatches",
            [
                "基金间划转",
                "JZ2026111600012 职工基本医疗保险基金",
                "本方已记账 ■ 4 个工作日，时限 2 个",
                "医保结算暂时连不上",
                "工伤账已记账，对方账套未记账：请恢复对方账套的服务，系统用同一凭证号补记；不得手工另开凭证。",
                "8,421.60",
            ],
        ),
    ],
)
async def test_every_worklist_says_whose_turn_it_is(sign_in: SignIn, shot: Shot, kind: str, first: list[str]) -> None:
    page = await sign_in("lijing", f"/worklists/{kind}")
    assert (await cells(page, "table.rows"))[0] == first
    await shot(page, f"worklist-{kind}")


async def test_a_mixed_stay_is_split_agreed_and_then_checked(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("wangfang", f"/conversions/{county.CONVERSION}")
    await page.get_by_role("button", name="登记医院拆分").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("治疗自身疾病").click()
    lines = county.settlement(county.STAY)["lines"]
    await page.get_by_role("option").nth(1).click()
    await page.keyboard.press("Escape")
    await dialog.get_by_role("button", name="确认登记医院拆分").click()
    await expect(page.get_by_text("等审核同意")).to_be_visible()
    assert gateway.commands[-1][2] == {"lines": [{"line_id": lines[1]["line_id"], "belongs": "own-disease"}]}
    page = await sign_in("lijing", f"/conversions/{county.CONVERSION}")
    await shot(page, "conversion-split")
    await page.get_by_role("button", name="同意拆分").click()
    await confirm(page, "同意拆分")
    await expect(page.locator(".badge", has_text="已同意")).to_be_visible()


async def test_the_director_sees_what_came_back_and_how_fast(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("zhouqiang", "/returns")
    assert await texts(page.locator(".sum")) == [
        "归还医保各基金（元） 475,799.65 43 笔划转",
        "退还个人（笔） 39 全部由系统调取结算数据，不收纸质单据",
        "从认定到退款，一半的人不超过 3 个工作日 目标 5 个工作日以内",
        "5 个工作日内退款 92% 36 笔，共 39 笔",
        "未收回的追偿（元） 21,375.00 2 笔",
    ]
    months = await cells(page, "section.charted table")
    assert months[2] == ["2026-03", "53,102.75", "6,423.00", "0.00", "59,525.75"]
    assert months[8] == ["2026-09", "14,860.00", "0.00", "0.00", "14,860.00"]
    await expect(page.locator(".nicegui-echart svg")).to_have_count(2)
    await shot(page, "returns")
    await page.emulate_media(media="print")
    await shot(page, "returns-paper")


async def test_benefits_explain_themselves_and_are_signed_by_a_second_person(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("zhaoming", f"/cases/{county.CASE}/benefits")
    assert await texts(page.locator(".sum")) == ["本人工资（月） 6,200.00", "一次性待遇已支付 0.00", "每月发放 4,650.00"]
    await page.locator("summary").first.click()
    assert await texts(page.locator("details[open] .reasons li")) == [
        "本人工资 依据：工伤保险条例，第64条 6,200.00",
        "四级 21 个月的本人工资 依据：工伤保险条例，第35条 130,200.00",
    ]
    await shot(page, "benefits")
    await page.get_by_role("button", name="一次性伤残补助金：复核通过").click()
    await confirm(page, "一次性伤残补助金：复核通过")
    await expect(page.locator(".sum", has_text="一次性待遇已支付")).to_contain_text("130,200.00")
    assert [(path, body) for path, _, body in gateway.commands] == [(f"/v1/benefits/{ITEM}/approve", {})]
    maker = await sign_in("lijing", f"/cases/{county.CASE}/benefits")
    await expect(maker.locator("h1")).to_have_text("工伤待遇")
    assert await maker.get_by_role("button", name="复核通过").count() == 0


async def test_a_benefit_that_waits_for_money_is_not_called_paid(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    gateway.injuries.item |= {"state": "paid", "awaits_money": True, "debtor": "E:91420100MA4K1"}
    page = await sign_in("zhaoming", f"/cases/{county.CASE}/benefits")
    assert (await texts(page.locator(".sum")))[1] == "一次性待遇已支付 0.00"
    row = page.locator("tr", has_text="一次性伤残补助金")
    await expect(row).to_contain_text("待基金资金到账")
    await expect(row).to_contain_text("先行支付，由用人单位偿还")
    await shot(page, "benefits-waiting")
    gateway.injuries.item |= {"awaits_money": False, "awaits_heirs": True}
    await page.reload()
    await expect(row).to_contain_text("待继承（近亲属）证明")
    assert (await texts(page.locator(".sum")))[1] == "一次性待遇已支付 0.00"


async def test_the_pension_run_shows_its_progress_and_what_is_in_the_way(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("lijing", "/pensions")
    await expect(page.get_by_role("status")).to_contain_text("应发 214 人项，已办 209，受阻 2")
    await expect(page.locator(".bar-line")).to_contain_text("97%")
    assert await cells(page, "table.rows") == [
        ["伤残津贴", "待遇资格认证到期", "上次认证 2025-08-20", "—"],
        ["死亡或下落不明", "继承关系未证明", "发生 2026-10-30", "—"],
    ]
    await shot(page, "pensions")
    await page.get_by_role("link", name="上月").click()
    await page.wait_for_url("**/pensions?month=2026-10")
    await expect(page.locator(".title-line")).to_contain_text("2026 年 10 月")


async def test_without_the_post_a_page_says_so(sign_in: SignIn) -> None:
    page = await sign_in("wangfang", "/returns")
    await expect(page.locator(".state")).to_contain_text("您的岗位没有查看此内容的权限")
    await page.goto(f"/cases/{county.CASE}")
    await expect(page.locator("#books")).to_contain_text("您的岗位没有查看此项的权限。")
