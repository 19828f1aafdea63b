"""Journeys through recurrences and treatment elsewhere: applied for at a case, decided, audited, paid to other provinces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser import county
from tests.browser.fake_gateway import FakeGateway
from tests.browser.month_end import RECURRENCE, REGISTRATION, STAY
from tests.browser.test_console import cells, texts
from tests.browser.test_injury_pages import confirm
from tests.browser.test_month_end_pages import sent

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]


async def choose(page: Page, label: str, option: str) -> None:
    """Take one entry of a list in a question."""
    await page.locator(".q-dialog").get_by_label(label).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def test_a_recurrence_is_applied_for_at_the_case_and_parts_not_injured_are_refused(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("wangfang", f"/cases/{county.CASE}")
    await page.get_by_role("button", name="申请旧伤复发确认").click()
    dialog = page.locator(".q-dialog")
    await expect(dialog.get_by_label("复发部位")).to_have_value("左前臂")
    await dialog.get_by_label("治疗开始日期").fill("20261110")
    await dialog.get_by_label("医保疾病诊断编码").fill("T92.601")
    await dialog.get_by_label("诊断名称").fill("手部陈旧性损伤")
    await dialog.get_by_label("复发部位").fill("腰部")
    await dialog.get_by_label("材料编号").fill("诊断1、病历2")
    await confirm(page, "申请旧伤复发确认")
    await expect(dialog.locator(".q-field--error")).to_contain_text("复发部位腰部不在原工伤部位之内")
    await expect(dialog.locator(".fault")).to_contain_text("workinjury-bridge.facts.invalid")
    await expect(dialog.get_by_label("诊断名称")).to_have_value("手部陈旧性损伤")
    assert [r["recurrence_id"] for r in gateway.month_end.recurrences] == [RECURRENCE]
    await shot(page, "recurrence-refused")
    await dialog.get_by_label("复发部位").fill("左前臂")
    await confirm(page, "申请旧伤复发确认")
    first = page.locator("table.acting").first
    await expect(first).to_contain_text("手部陈旧性损伤")
    assert await texts(first.locator("td")) == [
        "手部陈旧性损伤 左前臂",
        "等鉴定委员会确认",
        "2026-11-22",
        "2027-01-01 ● 还剩 40 天",
        "2026-11-10 起",
        "撤回申请",
    ]
    assert (await texts(page.locator(".record li")))[0] == "2026-11-22 09:31 申请旧伤复发确认 王芳"
    assert await page.get_by_role("button", name="申请旧伤复发确认").count() == 0
    bodies = sent(gateway)
    assert bodies[1] == (
        "/v1/recurrences",
        {
            "case_id": county.CASE,
            "applied_on": "2026-11-22",
            "treated_from": "2026-11-10",
            "diagnosis": {"code_system": "chs:diag_code", "code": "T92.601"},
            "diagnosis_name": "手部陈旧性损伤",
            "body_parts": ["左前臂"],
            "materials": ["诊断1", "病历2"],
            "old_injury": False,
        },
    )
    keys = [key for _, key, _ in gateway.commands]
    assert len(set(keys)) == 2


async def test_the_committees_word_is_recorded_and_objected_to(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    path = f"/v1/recurrences/{RECURRENCE}"
    page = await sign_in("lijing", "/recurrences")
    (only,) = await cells(page, "table.rows")
    assert only[1:5] == ["跟骨骨折后创伤性关节炎 右足", "等鉴定委员会确认", "2026-11-02", "2027-01-01 ● 还剩 40 天"]
    await shot(page, "recurrences")
    await page.get_by_role("button", name="延长确认期限").click()
    await confirm(page, "延长确认期限")
    await expect(page.locator("table.rows")).to_contain_text("已延长一次")
    assert await page.get_by_role("button", name="延长确认期限").count() == 0
    await page.get_by_role("button", name="登记确认结论").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("结论书文号").fill("河劳鉴〔2026〕71号")
    await dialog.get_by_label("作出机关").fill("河湾市劳动能力鉴定委员会")
    await dialog.get_by_label("治疗终止日期").fill("2027-03-31")
    await shot(page, "recurrence-conclusion")
    await confirm(page, "登记确认结论")
    await expect(page.locator("table.rows")).to_contain_text("河劳鉴〔2026〕71号，2026-11-22")
    await page.get_by_role("button", name="登记异议").click()
    await confirm(page, "登记异议")
    await expect(page.get_by_role("button", name="登记再次鉴定结论")).to_be_visible()
    assert sent(gateway) == [
        (f"{path}/extension", {}),
        (
            f"{path}/conclusion",
            {
                "decision_no": "河劳鉴〔2026〕71号",
                "confirmed": True,
                "decided_on": "2026-11-22",
                "decided_by": "河湾市劳动能力鉴定委员会",
                "treated_until": "2027-03-31",
            },
        ),
        (f"{path}/objection", {"on": "2026-11-22"}),
    ]
    await page.goto("/recurrences?state=confirming")
    await expect(page.get_by_text("没有这样的旧伤复发确认申请。")).to_be_visible()
    reader = await sign_in("zhouqiang", "/recurrences")
    await expect(reader.locator("table.rows")).to_contain_text("等鉴定委员会")
    assert await reader.locator("table.rows").get_by_role("button").count() == 0


async def test_a_registration_is_applied_for_and_consented_to_by_another(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("wangfang", f"/cases/{county.CASE}")
    await page.get_by_role("button", name="申请异地就医备案").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_role("radio", name="转诊转院").click()
    await dialog.get_by_label("就医地").fill("4201")
    await confirm(page, "申请异地就医备案")
    await expect(dialog.locator(".q-field--error")).to_contain_text("请填写六位区划代码")
    assert gateway.commands == []
    await dialog.get_by_label("就医地").fill("420100")
    await confirm(page, "申请异地就医备案")
    await expect(dialog.locator(".q-field--error")).to_contain_text("转诊转院须有协议医疗机构出具的证明")
    assert len(gateway.month_end.registrations) == 2
    await shot(page, "registration-refused")
    await dialog.get_by_label("转诊转院证明编号").fill("转2026-91")
    await confirm(page, "申请异地就医备案")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    assert len(gateway.month_end.registrations) == 3
    body = {"kind": "referral", "place": "420100", "begins_on": "2026-11-22", "certificate_no": "转2026-91"}
    assert sent(gateway)[-1] == ("/v1/out-of-area/registrations", {**body, "case_id": county.CASE})
    page = await sign_in("lijing", "/out-of-area?list=registrations&state=applied")
    assert [row[1:5] for row in await cells(page, "table.rows")] == [
        ["转诊转院", "湖北省 420100", "待审核", "2026-11-22 起"],
        ["转诊转院", "湖北省 420100 H42010001", "待审核", "2026-11-25 起"],
    ]
    await shot(page, "registrations")
    second = page.locator("table.rows tbody tr").nth(1)
    await second.get_by_role("button", name="不予备案").click()
    await confirm(page, "不予备案")
    await expect(page.get_by_text("请填写理由")).to_be_visible()
    await page.locator(".q-dialog").get_by_label("理由").fill("本地可以治疗")
    await confirm(page, "不予备案")
    await expect(page.locator("table.rows tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="同意备案").click()
    await expect(page.get_by_text("没有这样的异地就医备案。")).to_be_visible()
    assert sent(gateway)[-2:] == [
        (f"/v1/out-of-area/registrations/{REGISTRATION}/reject", {"note": "本地可以治疗"}),
        ("/v1/out-of-area/registrations/01REGISTRATIONNEW/approve", {}),
    ]
    clerk = await sign_in("wangfang", "/out-of-area?list=registrations&state=registered")
    await clerk.get_by_role("button", name="注销备案").first.click()
    await confirm(clerk, "注销备案")
    await expect(clerk.locator("table.rows tbody tr")).to_have_count(1)
    assert sent(gateway)[-1] == ("/v1/out-of-area/registrations/01REGISTRATIONNEW/cancel", {"on": "2026-11-22"})
    assert await clerk.get_by_role("button", name="同意备案").count() == 0


async def test_a_stay_elsewhere_is_objected_to_audited_and_its_allowances_claimed(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    path = f"/v1/out-of-area/stays/{STAY}"
    page = await sign_in("wangfang", "/out-of-area?list=stays&state=received")
    await page.get_by_role("button", name="申报食宿交通").click()
    dialog = page.locator(".q-dialog")
    await dialog.get_by_label("交通费").fill("553")
    await dialog.get_by_label("住宿晚数").fill("2")
    await dialog.get_by_label("票据编号").fill("票1、票2")
    await confirm(page, "申报食宿交通")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    assert sent(gateway) == [(f"{path}/allowances", {"transport_fen": 55_300, "nights": 2, "materials": ["票1", "票2"]})]
    assert await page.get_by_role("button", name="审核通过").count() == 0
    page = await sign_in("lijing", "/out-of-area?list=stays")
    assert [row[1:7] for row in await cells(page, "table.rows")] == [
        [
            "江城康复医院 湖北省 康复",
            "2026-09-03 至 2026-09-24",
            "已收到月度数据 2026-10 月度数据",
            "21,480.00 已核减 420.00",
            "1,300.50",
            "2026-11-25 ▲ 还剩 3 天",
        ],
        ["宁城手外科医院 江苏省 住院", "2026-07-20 至 2026-08-11", "已审核 2026-08 月度数据", "8,600.00", "120.00", "—"],
    ]
    await shot(page, "stays-elsewhere")
    await page.get_by_role("button", name="提出异议").click()
    await page.locator(".q-dialog").get_by_label("异议内容").fill("护理费超标准")
    await confirm(page, "提出异议")
    await expect(page.locator("table.rows")).to_contain_text("等就医地答复")
    assert await page.get_by_role("button", name="审核通过").count() == 0
    gateway.month_end.stays[0]["objection"] = None
    await page.reload()
    await page.get_by_role("button", name="审核通过").click()
    await expect(page.locator("table.rows tbody tr").first).to_contain_text("等季度清算")
    assert sent(gateway)[1:] == [(f"{path}/objection", {"reason": "护理费超标准"}), (f"{path}/audit", {})]


async def test_a_quarter_and_a_prefund_are_proposed_and_decided_by_another(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("chenhui", "/out-of-area?list=clearings")
    assert await cells(page, "table.acting") == [
        ["江苏省", "2026 年第 3 季度", "1 笔", "—", "8,600.00", "提请支付"],
        ["湖北省", "2026 年第 4 季度", "0 笔", "1 笔", "0.00", "等审核"],
    ]
    paid = page.locator("section").filter(has_text="已清算").locator("tbody tr")
    assert await texts(paid) == ["湖北省 2026 年第 2 季度 GJ2026Q2-420000 2026-08-14 陈慧 复核 赵明 12,640.30"]
    await shot(page, "quarters")
    await page.get_by_role("button", name="提请支付").click()
    dialog = page.locator(".q-dialog")
    await expect(dialog.get_by_label("通知书金额")).to_have_value("8600.00")
    await dialog.get_by_label("清算通知书编号").fill("GJ2026Q3-320000")
    await confirm(page, "提请支付")
    await expect(page.get_by_text("陈慧 已提出：异地就医季度清算，等第二人复核。")).to_be_visible()
    await page.get_by_role("button", name="提请拨付或收回预付金").click()
    await choose(page, "省份", "湖北省")
    await dialog.get_by_label("金额").fill("50,000")
    await confirm(page, "提请拨付或收回预付金")
    await expect(page.get_by_text("陈慧 已提出：异地就医预付金，等第二人复核。")).to_be_visible()
    bill = {"bill_no": "GJ2026Q3-320000", "bill_fen": 860_000, "province": "320000", "quarter": "2026-07-01"}
    assert sent(gateway) == [
        ("/v1/out-of-area/clearings", bill),
        ("/v1/out-of-area/prefunds", {"back": False, "province": "420000", "amount_fen": 5_000_000}),
    ]
    second = await sign_in("zhaoming", "/worklists/proposals")
    await expect(second.get_by_text("拨付湖北省预付金 50,000.00 元")).to_be_visible()
    reviewer = await sign_in("lijing", "/out-of-area?list=clearings")
    await expect(reviewer.locator("table.acting")).to_contain_text("等财务提请支付")
    assert await reviewer.get_by_role("button", name="提请拨付或收回预付金").count() == 0


async def test_a_quarter_is_added_up_over_all_pages_and_not_at_all_beyond_them(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    received, audited = gateway.month_end.stays
    gateway.month_end.stays = [
        *({**audited, "stay_id": f"01STAY{n:04d}", "work_injury_fen": 100_001} for n in range(450)),
        *({**received, "stay_id": f"01WAIT{n:04d}", "province": "320000", "quarter": "2026-10-01"} for n in range(201)),
    ]
    page = await sign_in("chenhui", "/out-of-area?list=clearings")
    assert await cells(page, "table.acting") == [
        ["江苏省", "2026 年第 3 季度", "450 笔", "—", "450,004.50", "提请支付"],
        ["江苏省", "2026 年第 4 季度", "0 笔", "201 笔", "0.00", "等审核"],
    ]
    await page.get_by_role("button", name="提请支付").click()
    await expect(page.locator(".q-dialog").get_by_label("通知书金额")).to_have_value("450004.50")
    gateway.month_end.stays = [{**audited, "stay_id": f"01STAY{n:04d}"} for n in range(4_001)]
    await page.reload()
    await expect(page.locator(".fault")).to_have_text("待清算的住院超过 4,000 笔，金额未列全，不能在此提请支付。请联系管理员。")
    assert await page.locator("table.acting").count() == 0
    assert await page.get_by_role("button", name="提请支付").count() == 0
    await expect(page.locator("section").filter(has_text="已清算").locator("tbody tr")).to_have_count(1)
    await shot(page, "quarters-not-added-up")
    assert gateway.commands == []


async def test_the_stays_of_a_state_go_on_behind_the_first_page(sign_in: SignIn, gateway: FakeGateway) -> None:
    _, audited = gateway.month_end.stays
    gateway.month_end.stays = [{**audited, "stay_id": f"01STAY{n:04d}", "institution_name": f"第{n}医院"} for n in range(21)]
    page = await sign_in("lijing", "/out-of-area?list=stays&state=audited")
    await expect(page.locator("table.rows tbody tr")).to_have_count(20)
    await page.get_by_role("link", name="更早的").click()
    await expect(page.locator("table.rows tbody tr")).to_have_count(1)
    await expect(page.locator("table.rows")).to_contain_text("第20医院")
    await expect(page.locator(".states [aria-current=page]")).to_have_text("已审核")
    assert await page.get_by_role("link", name="更早的").count() == 0
