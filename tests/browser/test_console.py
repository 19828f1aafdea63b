"""Journeys through the console: what a person does, what stands on the screen to the fen, and what reached the gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, expect

from tests.browser import county
from tests.browser.fake_gateway import FakeGateway
from tests.browser.unsettled_stays import INSIDE

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]
KILOBYTE = 1024


async def texts(locator: Locator) -> list[str]:
    """The texts of all that a locator finds, as they stand on the screen."""
    return [" ".join(text.split()) for text in await locator.all_inner_texts()]


async def cells(page: Page, selector: str) -> list[list[str]]:
    """The visible rows of a table."""
    await expect(page.locator(selector).first).to_be_visible()
    rows = await page.locator(f"{selector} tbody tr:visible").all()
    return [await texts(row.locator("td")) for row in rows]


# ---- the door ---------------------------------------------------------------------------------------------------------


async def test_signing_in_puts_the_cursor_into_the_search_box(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("", "/matters")
    await expect(page.locator("[name=username]")).to_be_focused()
    await page.get_by_role("button", name="王芳").click()
    await page.fill("[name=password]", "wrong")
    await page.press("[name=password]", "Enter")
    await expect(page.get_by_role("alert")).to_contain_text("用户名或密码不对，请重新输入。")
    await expect(page.get_by_role("alert")).to_contain_text("gateway.auth.credentials-wrong")
    await expect(page.locator("[name=username]")).to_have_value("wangfang")
    await shot(page, "sign-in")
    await page.fill("[name=password]", "onewindow")
    await page.press("[name=password]", "Enter")
    await expect(page.locator(".search.big input")).to_be_focused()
    assert await texts(page.locator("header .who")) == ["王芳 综合窗口"]
    assert await texts(page.locator(".count")) == ["1 ■ 逾期", "1 ▲ 临期", "1 ● 正常", "0 ✓ 今日办结"]
    assert await cells(page, "table.rows") == [
        ["参保登记缴费", "CB0120261119000071", "缴费到账", "▲ 临期，还剩 1 个工作日", "2026-11-23"]
    ]
    await shot(page, "home")
    await page.get_by_role("button", name="退出").click()
    await expect(page.locator("[name=username]")).to_be_visible()
    await page.goto("/")
    await expect(page.locator("[name=username]")).to_be_visible()


async def test_a_page_is_small_after_the_first_load(sign_in: SignIn) -> None:
    page = await sign_in("lijing")
    for path in (
        "/",
        f"/persons/{county.ZHANG}",
        f"/settlements/{county.STAY}",
        f"/conversions/{county.CONVERSION}",
        f"/stay-splits/{INSIDE}",
    ):
        await page.goto(path)
        await expect(page.locator("h1").first).to_be_visible()
        protocol = await page.context.new_cdp_session(page)
        await protocol.send("Network.enable")
        received: list[int] = []
        protocol.on("Network.loadingFinished", lambda event, to=received: to.append(int(event["encodedDataLength"])))
        await page.goto(path, wait_until="networkidle")
        await protocol.detach()
        assert 0 < sum(received) < 200 * KILOBYTE


# ---- a person ---------------------------------------------------------------------------------------------------------


async def test_an_id_number_and_enter_open_the_file_and_revealing_is_logged(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("wangfang")
    await page.keyboard.type("990101198503121234")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/persons/{county.ZHANG}")
    await expect(page.locator(".who-is")).to_have_text("张**9901**********1234男1985 年生电话 138****1234")
    assert await texts(page.locator(".cover")) == [
        "职工基本医疗保险 在职职工 ✓ 正常参保 2026-01-01 至 2026-12-31 因 河湾县宏远机械制造有限责任公司"
    ]
    assert await cells(page, "table.year") == [
        ["统筹基金", "500.00 标准 300.00", "11,985.00", "138,015.00"],
        ["封顶线 150,000.00，已用 7%"],
        ["大额医疗费用补助", "0.00", "0.00", "300,000.00"],
        ["封顶线 300,000.00，已用 0%"],
    ]
    await expect(page.locator(".balance")).to_have_text("个人账户余额 2,637.18")
    await shot(page, "person")
    await page.locator(".filter").get_by_role("button", name="结算", exact=True).click()
    assert await cells(page, "table.timeline") == [
        ["2026-03-14 11:25", "结算", "住院结算：河湾县人民医院 基金支付 11,985.00 元，个人现金 3,015.00 元", "16,000.00"]
    ]
    assert gateway.accesses == []
    await page.get_by_role("button", name="显示全部身份信息").click()
    await expect(page.locator(".who-is")).to_contain_text("张建国990101198503121234男1985-03-12电话 13800001234")
    assert [(entry["by"], entry["person_id"]) for entry in gateway.accesses] == [("wangfang", county.ZHANG)]
    await page.get_by_role("link", name="住院结算：河湾县人民医院").click()
    await page.wait_for_url(f"**/settlements/{county.STAY}")
    await expect(page.locator("h1")).to_have_text("住院结算单")
    await page.keyboard.press("Escape")
    await page.wait_for_url(f"**/persons/{county.ZHANG}")


async def test_one_name_of_two_people_is_chosen_by_the_arrows(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("wangfang")
    await page.keyboard.type("王伟")
    await page.keyboard.press("Enter")
    await expect(page.locator("h2")).to_have_text("姓名为“王伟”的有 2 人")
    assert await cells(page, "table.rows") == [
        ["王*", "9901**********1212", "男", "1966 年", "未参保"],
        ["王*", "9901**********2929", "男", "2000 年", "未参保"],
    ]
    await shot(page, "found")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/persons/{county.WANG_YOUNGER}")


async def test_nobody_found_says_what_to_do_next(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("wangfang")
    await page.keyboard.type("990101199901019999")
    await page.keyboard.press("Enter")
    await expect(page.locator(".empty")).to_contain_text("没有找到此人")
    assert "990101199901019999" not in page.url
    await expect(page.get_by_role("link", name="登记此人并受理")).to_have_attribute("href", "/accept")
    await shot(page, "nobody")
    await page.goto("/")
    await page.locator(".search.big input").fill("GS0120261109000023")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/matters/{county.INJURY_MATTER}")


# ---- a settlement -----------------------------------------------------------------------------------------------------


async def test_a_settlement_is_explained_from_the_total_to_the_cash(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("lijing", f"/settlements/{county.STAY}")
    await expect(page.locator(".sum")).to_have_text(
        ["医疗费总额16,000.00", "政策范围内14,600.00", "基金支付11,985.00", "个人账户1,000.00", "个人现金3,015.00"]
    )
    chart = page.locator(".nicegui-echart svg text")
    await expect(chart.filter(has_text="3,015.00")).to_be_visible()
    assert {"16,000.00", "11,985.00", "1,000.00", "3,015.00", "职工医保统筹基金"} <= set(await chart.all_text_contents())
    assert await cells(page, "#burden table") == [
        ["目录外全自费", "800.00"],
        ["乙类先行自付", "600.00"],
        ["政策范围内自付（起付线 500.00 在内）", "2,615.00"],
    ]
    await expect(page.locator(".reasons li")).to_have_count(3)
    await expect(page.locator(".reasons li").nth(1)).to_contain_text("14,100.00×85% = 11,985.00")
    await expect(page.locator(".reasons li").nth(1)).to_contain_text("依据：示范市职工基本医疗保险办法，第十八条、第十九条")
    assert await cells(page, "#payments table") == [
        ["职工医保统筹基金", "职工基本医疗保险基金", "11,985.00"],
        ["个人账户", "个人账户", "1,000.00"],
    ]
    await page.get_by_role("button", name="全自费 2").click()
    assert [row[1] for row in await cells(page, "table.lines")] == ["重组人骨形态发生蛋白（工伤目录内）", "陪护及营养餐"]
    await page.get_by_role("button", name="先行自付 1").click()
    assert await cells(page, "table.lines") == [
        ["6", "锁定接骨板系统（钛）", "乙类", "2026-03-03", "1", "6,000.00", "6,000.00", "", "", "600.00", "5,400.00"]
    ]
    assert await cells(page, ".journal") == [
        ["5001.01", "待遇支出—统筹", "11,985.00", ""],
        ["5001.02", "待遇支出—个人账户", "1,000.00", ""],
        ["2201", "应付定点/协议机构 河湾县人民医院", "", "12,985.00"],
    ]
    await shot(page, "settlement")


async def test_a_settlement_sheet_on_paper_has_every_line_and_its_check_code(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("wangfang", f"/settlements/{county.RESIDENT_STAY}")
    await expect(page.get_by_role("button", name="打印结算单")).to_be_visible()
    await expect(page.get_by_text("您的岗位没有查看此项的权限。")).to_be_visible()
    await page.get_by_role("button", name="超限价 1").click()
    assert len(await cells(page, "table.lines")) == 1
    await page.emulate_media(media="print")
    assert len(await cells(page, "table.lines")) == 5
    await expect(page.locator("header")).to_be_hidden()
    await expect(page.get_by_role("button", name="打印结算单")).to_be_hidden()
    assert await cells(page, ".paper table") == [
        ["医疗费总额", "90,000.00"],
        ["减：城乡居民基本医疗保险统筹基金", "55,860.00"],
        ["减：城乡居民大病保险", "10,524.00"],
        ["减：医疗救助（低保对象）", "8,409.60"],
        ["个人现金", "15,206.40"],
    ]
    await expect(page.locator(".check-code")).to_contain_text("校验码 A12A 1BE9 81F0 2E24")
    await expect(page.locator(".sign")).to_contain_text("经办：王芳")
    await shot(page, "settlement-on-paper")


# ---- conversion -------------------------------------------------------------------------------------------------------


async def test_two_people_check_and_approve_a_conversion(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    checker = await sign_in("lijing")
    await checker.get_by_role("link", name="医保转工伤结算").click()
    await expect(checker.locator(".page-head .badge")).to_have_text("待初审")
    assert await cells(checker, "section:has-text('谁欠谁') table") == [
        ["职工基本医疗保险基金", "12,985.00", "0.00", "12,985.00", "统筹 11,985.00 + 个人账户 1,000.00"],
        ["个人（现金）", "3,015.00", "300.00", "2,715.00", "退给个人"],
        ["工伤保险基金", "0.00", "15,700.00", "−15,700.00", "承担工伤医疗费"],
    ]
    await expect(
        checker.get_by_text("另由工伤保险基金支付住院伙食补助 360.00 元（12 天），合计付给个人 3,075.00 元。")
    ).to_be_visible()
    await expect(checker.get_by_text("4 项成立，共 5 项")).to_be_visible()
    await shot(checker, "conversion-proposed")
    await checker.get_by_label("意见").fill("病历与认定部位一致")
    await checker.get_by_role("button", name="初审通过").click()
    await expect(checker.locator(".page-head .badge")).to_have_text("待复核")
    await expect(checker.get_by_role("button", name="复核通过")).to_have_count(0)

    approver = await sign_in("zhaoming")
    await approver.get_by_role("link", name="医保转工伤结算").click()
    await expect(approver.get_by_text("意见：病历与认定部位一致")).to_be_visible()
    await approver.get_by_role("button", name="复核通过").click()
    await expect(approver.locator(".page-head .badge")).to_have_text("✓ 已到账")
    assert [(path.rsplit("/", 1)[1], body) for path, _, body in gateway.commands] == [
        ("check", {"note": "病历与认定部位一致"}),
        ("approve", {}),
    ]
    assert (gateway.conversion["maker"], gateway.conversion["checker"]) == ("lijing", "zhaoming")
    await expect(approver.get_by_text("8 项成立，共 8 项")).to_be_visible()
    medical, injury = approver.locator(".books > div").first, approver.locator(".books > div").last
    await expect(medical.locator(".journal")).to_have_count(3)
    await expect(injury.locator(".journal")).to_have_count(3)
    await expect(injury.locator(".journal").first).to_contain_text("制单 李静　复核 赵明")
    assert await texts(injury.locator(".journal").first.locator("tbody tr")) == [
        "5001.11 待遇支出—工伤医疗 15,700.00",
        "5001.13 待遇支出—住院伙食补助 360.00",
        "2202 应付基金间往来 职工基本医疗保险基金 12,985.00",
        "2203 应付个人 个人 3,075.00",
    ]
    moves = approver.locator("section", has_text="划转与支付").locator("tbody tr")
    assert await texts(moves) == [
        "JZ2026112200001 工伤保险基金 → 职工基本医疗保险基金 ✓ 双方已记账 2026-11-22 09:32 12,985.00",
        "JZ2026112200002 工伤保险基金 → 个人（退还垫付） ✓ 已支付 2026-11-22 09:32 2,715.00",
        "JZ2026112200002 工伤保险基金 → 个人（住院伙食补助） ✓ 已支付 2026-11-22 09:32 360.00",
    ]
    await shot(approver, "conversion-settled")


async def test_a_large_conversion_needs_a_third_person(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    gateway.third_level = True
    gateway.conversion |= {"state": "checked", "maker": "lijing"}
    page = await sign_in("zhaoming", f"/conversions/{county.CONVERSION}")
    await page.get_by_role("button", name="复核通过").click()
    await expect(page.locator(".page-head .badge")).to_have_text("待审批")
    await expect(page.get_by_role("button", name="审批通过")).to_have_count(0)
    await expect(page.get_by_role("button", name="退回初审")).to_be_visible()
    await page.goto("/")
    await expect(page.get_by_text("没有等您处理的事。")).to_be_visible()

    director = await sign_in("zhouqiang")
    await director.get_by_role("link", name="医保转工伤结算").click()
    await shot(director, "conversion-endorsed")
    await director.get_by_label("意见").fill("同意")
    await director.get_by_role("button", name="审批通过").click()
    await expect(director.locator(".page-head .badge")).to_have_text("✓ 已到账")
    signed = gateway.conversion
    assert (signed["maker"], signed["checker"], signed["approver"]) == ("lijing", "zhaoming", "zhouqiang")
    await expect(director.locator(".sign")).to_have_text("初审：李静复核：赵明审批：周强（盖章）")


async def test_a_conversion_sent_back_moves_no_money(sign_in: SignIn, gateway: FakeGateway) -> None:
    gateway.conversion |= {"state": "checked", "maker": "lijing"}
    page = await sign_in("zhaoming", f"/conversions/{county.CONVERSION}")
    await page.get_by_label("意见").fill("请补住院病历")
    await page.get_by_role("button", name="退回初审").click()
    await expect(page.locator(".page-head .badge")).to_have_text("待初审")
    assert gateway.conversion["maker"] is None
    assert gateway.journals == county.first_journals()


async def test_a_conversion_somebody_else_took_is_refused_with_its_code(sign_in: SignIn, gateway: FakeGateway) -> None:
    page = await sign_in("lijing", f"/conversions/{county.CONVERSION}")
    await expect(page.get_by_role("button", name="初审通过")).to_be_visible()
    gateway.conversion |= {"state": "checked", "maker": "somebody"}
    await page.get_by_role("button", name="初审通过").click()
    await expect(page.get_by_role("alert")).to_contain_text("转换业务已被他人办理，请刷新")
    await expect(page.get_by_role("alert")).to_contain_text("workinjury-bridge.conversion.out-of-turn")
    assert gateway.conversion["maker"] == "somebody"


# ---- matters ----------------------------------------------------------------------------------------------------------


async def test_a_premium_is_paid_and_the_matter_closes(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("wangfang")
    await page.get_by_role("link", name="参保登记缴费").click()
    await expect(page.locator(".next")).to_have_text("下一步：缴费到账（参保登记，等您办理）。")
    await expect(page.get_by_label("金额（元）")).to_have_value("400.00")
    await page.get_by_label("金额（元）").fill("300")
    await page.get_by_role("button", name="登记缴费").click()
    await expect(page.get_by_text("请填写缴费凭证号")).to_be_visible()
    assert gateway.commands == []
    await page.get_by_label("缴费凭证号").fill("SW20261122001")
    await page.get_by_role("button", name="登记缴费").click()
    await expect(page.get_by_role("alert").filter(has_text="enrollment.premium.amount-differs")).to_be_visible()
    assert gateway.matters[county.ENROL_MATTER]["state"] == "open"
    await page.get_by_label("金额（元）").fill("400.00")
    await page.get_by_label("缴费凭证号").press("Enter")
    await expect(page.locator(".next")).to_have_text("本件办结，2026-11-22 09:31。")
    refused, paid = gateway.commands
    assert refused[1] != paid[1]
    assert paid[2] == {
        "action": "pay",
        "amount_fen": 40_000,
        "paid_on": "2026-11-22",
        "channel": "counter",
        "receipt_no": "SW20261122001",
    }
    await expect(page.locator(".lane").last).to_contain_text("参保自 2027-01-01 起生效")
    await shot(page, "matter-closed")
    await page.emulate_media(media="print")
    await expect(page.locator(".receipt h1")).to_have_text("受理回执")
    await expect(page.locator(".receipt")).to_contain_text("CB0120261119000071")
    await expect(page.locator(".lanes")).to_be_hidden()
    await shot(page, "receipt-on-paper")


async def test_a_bundle_shows_its_lanes_and_takes_the_paper_that_was_owed(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    page = await sign_in("wangfang", f"/matters/{county.INJURY_MATTER}")
    await expect(page.locator(".lane")).to_have_count(3)
    assert await texts(page.locator(".lane h3")) == ["工伤认定 工伤保险", "住院伙食补助 工伤保险", "医保转工伤结算 工伤保险"]
    assert await texts(page.locator(".lane-state")) == ["✓ 办结", "◐ 办理中 ● 还剩 4 个工作日", "◐ 办理中 ● 还剩 4 个工作日"]
    await expect(page.locator(".owed")).to_have_text("申请人还欠材料：证人证言，2026-11-23 前补交。")
    await shot(page, "matter")
    await page.get_by_role("checkbox", name="证人证言").click()
    await page.get_by_role("button", name="收到补交材料").click()
    await expect(page.locator(".owed")).to_have_count(0)
    assert gateway.commands[-1][2] == {"materials": [{"code": "witness-statement"}]}


async def test_a_reviewer_decides_a_recognition(sign_in: SignIn, gateway: FakeGateway) -> None:
    page = await sign_in("lijing", f"/matters/{county.LATE_MATTER}")
    await expect(page.locator(".title-line .light")).to_have_text("■ 逾期，已逾期 1 个工作日")
    await page.get_by_label("决定书文号").fill("河人社工认〔2026〕121号")
    await page.get_by_role("radio", name="认定为工伤").click()
    await page.get_by_label("决定日期").fill("2026.11.21")
    await page.get_by_role("button", name="作出认定决定").click()
    await expect(page.locator(".lane-state").first).to_have_text("✓ 办结")
    assert gateway.commands[-1][2] == {
        "action": "decide",
        "decision_no": "河人社工认〔2026〕121号",
        "outcome": "granted",
        "decided_on": "2026-11-21",
    }


async def test_a_matter_is_accepted_once_its_papers_are_there(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("wangfang", f"/persons/{county.LI}")
    await page.get_by_role("link", name="为此人受理").click()
    await page.get_by_role("link", name="参保登记缴费").click()
    await page.get_by_role("radio", name="城乡居民基本医疗保险").click()
    await page.get_by_label("参保人员类别").click()
    await page.get_by_role("option", name="老年居民").click()
    await page.get_by_label("参保开始日期").fill("2027-01-01")
    await page.get_by_label("缴费年度").fill("2027")
    await page.get_by_role("button", name="受理").click()
    await expect(page.get_by_role("alert")).to_contain_text("一次性告知，还缺：居民身份证、近期免冠照片")
    assert "01MATTERNEW" not in gateway.matters
    await shot(page, "accept")
    await page.get_by_role("checkbox", name="居民身份证").click()
    await page.get_by_role("checkbox", name="申请人书面承诺补交").click()
    await page.get_by_role("button", name="受理").click()
    await page.wait_for_url("**/matters/01MATTERNEW")
    await expect(page.locator(".facts")).to_contain_text("CB0120261122000018")
    assert gateway.commands[-1][2] == {
        "matter_code": "enrol-and-pay",
        "person_id": county.LI,
        "form": {"scheme": "390", "person_category": "16", "begins_on": "2027-01-01", "year": 2027, "region": "990101"},
        "materials": [{"code": "identity"}],
        "defer": True,
    }


# ---- the books --------------------------------------------------------------------------------------------------------


async def test_a_fund_is_in_balance_and_every_account_opens_its_journals(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    gateway.journals += county.conversion_journals("lijing", "zhaoming")
    page = await sign_in("chenhui")
    await page.get_by_role("link", name="基金").click()
    await expect(page.locator("form.inline .badge")).to_have_text("✓ 借贷平衡")
    assert await cells(page, "table.balance-sheet") == [
        ["1003", "支出户存款", "平", "0.00", "12,985.00", "0.00", "借", "12,985.00"],
        ["1121", "应收基金间往来", "平", "0.00", "12,985.00", "12,985.00", "平", "0.00"],
        ["2201", "应付定点/协议机构 1 个往来户", "贷", "12,985.00", "0.00", "0.00", "贷", "12,985.00"],
        ["5001.01", "待遇支出—统筹", "借", "11,985.00", "0.00", "11,985.00", "平", "0.00"],
        ["5001.02", "待遇支出—个人账户", "借", "1,000.00", "0.00", "1,000.00", "平", "0.00"],
    ]
    await shot(page, "funds")
    await page.get_by_role("link", name="1121").click()
    await expect(page.locator(".journal")).to_have_count(2)
    assert await texts(page.locator("tr.marked")) == [
        "1121 应收基金间往来 工伤保险基金 12,985.00",
        "1121 应收基金间往来 工伤保险基金 12,985.00",
    ]
    await page.goto("/funds/WI")
    assert (await cells(page, "table.balance-sheet"))[-2:] == [
        ["5001.11", "待遇支出—工伤医疗", "平", "0.00", "15,700.00", "0.00", "借", "15,700.00"],
        ["5001.13", "待遇支出—住院伙食补助", "平", "0.00", "360.00", "0.00", "借", "360.00"],
    ]


# ---- when it does not go as hoped -------------------------------------------------------------------------------------


async def test_every_failure_says_what_to_do_and_shows_its_code(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("wangfang", "/funds")
    await expect(page.locator(".state h1")).to_have_text("您的岗位没有查看此内容的权限")
    await expect(page.locator(".state code")).to_have_text("auth.scope-missing")
    await shot(page, "no-permission")
    await page.goto("/settlements/unknown")
    await expect(page.locator(".state code")).to_have_text("claims.settlement.unknown")
    gateway.broken = True
    await page.goto(f"/settlements/{county.STAY}")
    await expect(page.locator(".state code")).to_have_text("gateway.console.page-failed")
    await expect(page.locator("header .who")).to_have_text("王芳 综合窗口")
    gateway.away = True
    await page.goto("/matters")
    await expect(page.locator(".state h1")).to_have_text("系统暂时连不上")
    await expect(page.locator(".state code")).to_have_text("claims.away")
    await shot(page, "away")
    gateway.away = False
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("办件")
    assert len(await cells(page, "table.rows")) == 3


async def test_what_people_typed_is_text_and_never_markup(sign_in: SignIn, gateway: FakeGateway) -> None:
    gateway.conversion["note"] = "<img src=x onerror=alert(1)>`${1}"
    page = await sign_in("lijing", f"/conversions/{county.CONVERSION}")
    await expect(page.locator(".page-head .note")).to_have_text("意见：<img src=x onerror=alert(1)>`${1}")
    await expect(page.locator(".page-head img")).to_have_count(0)
