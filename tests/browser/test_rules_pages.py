"""Rule books, simulations, filings and the sheet as PDF, in the browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.browser import county, register, simulations
from tests.browser.fake_gateway import FakeGateway
from tests.browser.test_console import cells, texts

pytestmark = pytest.mark.asyncio(loop_scope="session")

SignIn = Callable[..., Awaitable[Page]]
Shot = Callable[[Page, str], Awaitable[None]]
TITLE: Final = "宜昌市城乡居民基本医疗保险、大病保险、医疗救助待遇（住院）"
BOOK: Final = f"/rule-books/{register.DRAFT}"
LAYER: Final = "section:has(h2:has-text('{}')) table.layer"


# ---- rule books -------------------------------------------------------------------------------------------------------


async def test_books_stand_by_place_with_who_acts_next(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("lijing", "/rule-books")
    demo = "演示市职工基本医疗保险、大额医疗费用补助、医疗救助待遇（BRIDGE-DEMO-2026）"
    assert await cells(page, "table.books-list") == [
        ["宜昌市", "城乡居民基本医疗保险", TITLE, "2024：2024-01-01 起", "✓ 生效", "—", "2026-11-22 文件导入"],
        ["宜昌市", "城乡居民基本医疗保险", TITLE, "2027：2027-01-01 起", "草稿", "等您检查", "2026-11-22 李静"],
        ["演示市", "职工基本医疗保险", demo, "BRIDGE-DEMO-2026：2024-01-01 起", "✓ 生效", "—", "2026-11-22 文件导入"],
    ]
    await shot(page, "rule-books")
    await page.get_by_role("button", name="演示市 1").click()
    assert [row[0] for row in await cells(page, "table.books-list")] == ["演示市"]
    await page.get_by_role("link", name="已批准").click()
    await expect(page.locator(".empty p")).to_have_text("没有这种状态的规则集。")
    clerk = await sign_in("wangfang", "/rule-books?state=draft")
    assert [row[5] for row in await cells(clerk, "table.books-list")] == ["待审核岗检查"]
    await expect(clerk.get_by_role("link", name="提交规则集")).to_have_count(0)
    await clerk.goto("/rule-books/new")
    await expect(clerk.locator(".state h1")).to_have_text("您的岗位没有查看此内容的权限")


async def test_a_book_is_read_in_tables(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("wangfang", BOOK)
    await expect(page.locator("h1")).to_have_text(TITLE)
    await expect(page.locator(".next")).to_have_text("下一步：待审核岗检查。")
    await expect(page.get_by_role("button", name="检查", exact=True)).to_have_count(0)
    cited = "2024年宜昌居民医保住院待遇最新调整，起付线、报销比例、年度封顶线"
    assert await cells(page, LAYER.format("1. 统筹基金")) == [
        ["一级医疗机构", "第 1 次 200.00 第 2 次起 100.00", "起付线以上", "90%", "—", cited],
        ["二级医疗机构", "第 1 次 400.00 第 2 次起 200.00", "起付线以上", "80%", "—", cited],
        ["三级医疗机构", "第 1 次 1,000.00 第 2 次起 500.00", "起付线以上", "60%", "—", cited],
    ]
    catastrophic = "2022恩施大病患者医保报销比例（湖北全省统一的大病保险分段），大病保险分段"
    assert await cells(page, LAYER.format("2. 大病保险")) == [
        [
            "特困、低保、返贫致贫倾斜 特困人员、低保对象、返贫致贫人口",
            "6,000.00",
            "起付线 至 30,000.00 30,000.00 至 100,000.00 100,000.00 以上",
            "65% 70% 80%",
            "—",
            catastrophic,
        ],
        [
            "普通参保人员",
            "12,000.00",
            "起付线 至 30,000.00 30,000.00 至 100,000.00 100,000.00 以上",
            "60% 65% 75%",
            "年度支付 500,000.00",
            catastrophic,
        ],
    ]
    await expect(page.locator("section", has_text="1. 统筹基金").locator(".facts")).to_have_text(
        "城乡居民基本医疗保险基金住院每次结算分段封顶：年度支付 180,000.00"
    )
    await shot(page, "rule-book")
    await page.get_by_role("link", name="与其他版本比较").click()
    assert (await cells(page, "table.diff"))[2:7] == [
        ["≠ 改动", "统筹基金 › 年度封顶线", "150,000.00", "180,000.00"],
        ["≠ 改动", "统筹基金 › 二级医疗机构 › 第 1 段 › 比例", "75%", "80%"],
        ["≠ 改动", "统筹基金 › 二级医疗机构 › 起付线 › 第 1 次", "500.00", "400.00"],
        ["≠ 改动", "统筹基金 › 二级医疗机构 › 起付线 › 第 2 次", "250.00", "200.00"],
        ["≠ 改动", "倾斜救助 › 特困人员 › 起付线 › 第 1 次", "5,000.00", "3,000.00"],
    ]
    await shot(page, "rule-book-changes")
    await page.get_by_role("link", name="原文").click()
    assert (await cells(page, "table.source-lines"))[2] == ["3", 'region: "420500"']


async def test_a_book_goes_from_draft_to_in_force_by_the_hands_of_three(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot
) -> None:
    writer = await sign_in("lijing", BOOK)
    await writer.get_by_role("button", name="检查", exact=True).click()
    await expect(writer.locator(".finding")).to_have_count(10)
    await expect(writer.locator("h2 small")).to_have_text("错误 0 项，提醒 0 项，备注 10 项")
    inverted = writer.locator(".finding", has_text="待遇倒挂").first
    await inverted.get_by_text("看最小的一笔费用").click()
    assert await texts(inverted.locator("tbody tr")) == [
        "就医 住院",
        "医疗机构 一级医疗机构",
        "人员 居民",
        "身份 孤儿",
        "费用（全部在政策范围内） 450,265.60 元",
        "孤儿得 443,999.20 元",
        "低保对象得 443,999.27 元",
    ]
    await shot(writer, "rule-book-lint")
    await writer.get_by_role("button", name="试算", exact=True).click()
    await expect(writer.get_by_label("结算日期从")).to_have_value("2025-01-01")
    await writer.get_by_role("button", name="确认试算").click()
    await expect(writer.locator(".progress p")).to_have_text("已重算 500 笔，共 1,283 笔")
    await expect(writer.locator(".sum")).to_have_text(
        ["重算1,283 笔", "没有变化671 笔", "个人少付604 笔", "个人多付0 笔", "规则未覆盖8 笔"]
    )
    assert await cells(writer, "section:has-text('各基金和个人') table") == [
        ["城乡居民基本医疗保险基金", "6,841,203.55", "7,119,042.80", "277,839.25"],
        ["居民大病保险资金", "913,005.12", "862,771.05", "−50,234.07"],
        ["医疗救助基金", "401,188.90", "389,074.41", "−12,114.49"],
        ["基金合计", "8,155,397.57", "8,370,888.26", "215,490.69"],
        ["个人负担", "2,716,041.18", "2,500,550.49", "−215,490.69"],
    ]
    await shot(writer, "rule-book-trial")

    maker = await sign_in("zhaoming", BOOK)
    await maker.get_by_role("button", name="经办通过").click()
    await maker.get_by_label("意见").fill("试算增支在预算内")
    await maker.get_by_role("button", name="确认经办通过").click()
    await expect(maker.locator(".next")).to_have_text("下一步：待另一位复核岗复核批准。您已办过前一步，须由另一人办理。")
    await expect(maker.get_by_role("button", name="复核通过")).to_have_count(0)

    checker = await sign_in("zhouqiang", BOOK)
    await checker.get_by_role("button", name="复核通过").click()
    await checker.get_by_role("button", name="确认复核通过").click()
    await expect(checker.locator(".title-line .badge")).to_have_text("已批准")
    await checker.get_by_role("button", name="生效", exact=True).click()
    await expect(checker.locator(".ask p").last).to_contain_text("2027：2027-01-01 起。不能撤回。")
    await shot(checker, "rule-book-make-effective")
    await checker.get_by_role("button", name="确认生效").click()
    await expect(checker.locator(".title-line .badge")).to_have_text("✓ 生效")
    await checker.get_by_role("link", name="经过").click()
    rows = await cells(checker, "section:has-text('不能更改') table")
    assert [row[1:4] for row in rows] == [
        ["周强", "确认生效", ""],
        ["周强", "复核批准", ""],
        ["赵明", "经办批准", "意见：试算增支在预算内"],
        ["李静", "试算完成", "重算 1,283 笔"],
        ["李静", "提出试算", "结算日期 2025-01-01 至 2025-12-31"],
        ["李静", "检查", ""],
        ["李静", "提交", "意见：提高二级医院待遇 第 1 稿"],
    ]
    assert [(path.rsplit("/", 1)[1], body) for path, _, body in gateway.commands] == [
        ("lint", {}),
        ("shadow-run", {"from_on": "2025-01-01", "to_on": "2025-12-31"}),
        ("approve", {"note": "试算增支在预算内"}),
        ("approve", {}),
        ("make-effective", {}),
    ]
    life = gateway.register.books[register.DRAFT].life
    assert (life.maker, life.checker) == ("zhaoming", "zhouqiang")


async def test_a_wrong_text_is_refused_at_its_line_and_the_right_one_is_a_draft(
    sign_in: SignIn, gateway: FakeGateway, shot: Shot, tmp_path: Path
) -> None:
    page = await sign_in("lijing", "/rule-books")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("规则集文本")).to_be_focused()
    await page.get_by_role("button", name="提交", exact=True).click()
    await expect(page.get_by_text("请粘贴文本，或从文件读入")).to_be_visible()
    wrong = register.DRAFT_TEXT.replace('rate: "0.80"', "rate: 0.80")
    await page.get_by_label("规则集文本").fill(wrong)
    await page.get_by_role("button", name="提交", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("规则集有误：粘贴的文本:45：小数0.80须加引号写成文本")
    await expect(page.get_by_role("alert")).to_contain_text("claims.rule-book.unreadable")
    assert await texts(page.locator("tr.wrong td")) == [
        "45",
        "- {code: level_2, name: 二级医疗机构, when: {levels: [2]}, deductible: [400, 200], bands: [{rate: 0.80}]}",
    ]
    await shot(page, "rule-book-wrong")
    assert set(gateway.register.books) == {register.IN_FORCE, register.DRAFT, register.EMPLOYEES}
    file = tmp_path / "宜昌2027.book.yaml"
    file.write_text(register.DRAFT_TEXT, "utf-8")
    await page.locator("input[type=file]").set_input_files(file)
    await expect(page.locator(".read-in span.soft")).to_have_text("宜昌2027.book.yaml")
    await expect(page.get_by_label("规则集文本")).to_have_value(register.DRAFT_TEXT)
    await page.get_by_role("button", name="提交", exact=True).click()
    await page.wait_for_url("**/rule-books/01BOOKNEW")
    await expect(page.locator(".title-line .badge")).to_have_text("草稿")
    assert gateway.commands[-1][2] == {"text": register.DRAFT_TEXT, "file": "宜昌2027.book.yaml"}
    await page.get_by_role("link", name="检查结果").click()
    await expect(page.locator(".empty")).to_have_text(
        "这个文本还没有检查。检查会找出断档、倒挂、断崖等问题，每个问题都附一笔最小的费用。"
    )


async def test_a_book_in_force_ends_by_two_people(sign_in: SignIn, gateway: FakeGateway) -> None:
    page = await sign_in("zhaoming", f"/rule-books/{register.EMPLOYEES}")
    await page.get_by_role("button", name="提出退役").click()
    await page.get_by_label("最后一天").fill("2026.12.31")
    await page.get_by_role("button", name="确认提出退役").click()
    await expect(page.locator(".next")).to_have_text(
        "下一步：待另一位复核岗确认退役（有效至 2026-12-31）。您已办过前一步，须由另一人办理。"
    )
    other = await sign_in("zhouqiang", f"/rule-books/{register.EMPLOYEES}")
    await other.get_by_role("button", name="确认退役").click()
    await other.locator(".ask").get_by_role("button", name="确认退役").click()
    await expect(other.locator(".title-line .badge")).to_have_text("退役")
    assert [body for _, _, body in gateway.commands] == [{"ends_on": "2026-12-31"}, {"ends_on": "2026-12-31"}]


# ---- simulations ------------------------------------------------------------------------------------------------------


async def test_simulations_show_how_far_they_are(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("zhouqiang", "/simulations")
    period = "2025-01-01 至 2025-12-31 的结算"
    assert [row[:4] for row in await cells(page, "table.rows")] == [
        ["三级医院起付线提高到一千二百元", period, "60%", "周强"],
        ["二级医院支付比例提高五个百分点，统筹基金年度封顶线提高到十八万元", period, "✓ 完成", "周强"],
        ["取消省外未转诊扣减", period, "✗ 未完成", "周强"],
    ]
    await shot(page, "simulations")
    await page.get_by_role("link", name="三级医院起付线提高到一千二百元").click()
    await expect(page.locator(".progress p")).to_have_text("已测算 1,200,000 笔，共 2,000,000 笔")
    gateway.simulations[simulations.GOING] |= {"state": "done", "result": simulations.result()}
    await expect(page.locator(".sum").first).to_have_text("结算2,000,000 笔500,000 人")
    await page.goto(f"/simulations/{simulations.LOST}")
    await expect(page.get_by_role("alert")).to_contain_text("测算没有完成：测算三次中断，请缩小日期范围后重新提出")
    await expect(page.get_by_role("alert")).to_contain_text("claims.simulation.lost")


async def test_a_simulation_is_asked_for_with_pools(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("zhouqiang", "/simulations/new")
    await page.get_by_role("button", name="开始测算").click()
    await expect(page.get_by_text("请填写名称")).to_be_visible()
    await page.get_by_label("名称").fill("二级医院提高五个百分点")
    await page.get_by_label("人均可支配收入").fill("28,753")
    pool = page.locator(".pool", has_text="城乡居民基本医疗保险基金")
    await pool.get_by_label("期初结余").fill("120000000")
    await page.get_by_role("button", name="开始测算").click()
    await expect(pool.get_by_text("期初结余和每月收入须都填写")).to_be_visible()
    await pool.get_by_label("每月收入").fill("250000.50")
    await shot(page, "simulation-new")
    await page.get_by_role("button", name="开始测算").click()
    await page.wait_for_url("**/simulations/01SIMNEW")
    await expect(page.locator(".progress p")).to_have_text("排队中，等前面的测算完成")
    assert [body for _, _, body in gateway.commands] == [
        {
            "title": "二级医院提高五个百分点",
            "facts": {"begins_on": "2025-01-01", "ends_on": "2025-12-31"},
            "book_a": {"day": "2026-11-22"},
            "book_b": {"book_id": register.DRAFT},
            "income_fen": 2_875_300,
            "pools": {
                "format": "onewindow-pools/1",
                "months": 24,
                "pools": {"RES": {"opening": "120000000.00", "monthly_income": "250000.50"}},
            },
        }
    ]


async def test_a_result_has_a_table_under_each_chart(sign_in: SignIn, shot: Shot) -> None:
    page = await sign_in("chenhui", f"/simulations/{simulations.DONE}")
    await expect(page.locator(".sum")).to_have_text(
        [
            "结算2,000,000 笔500,000 人",
            "基金多支付（万元）3,600.00规则A 154,000.00",
            "个人负担增减（万元）−3,600.00规则A 86,000.00",
            "减负61,000 人",
            "增负1,500 人",
        ]
    )
    funds = page.locator(".charted", has_text="各基金支付")
    shown = await funds.locator("svg text").all_text_contents()
    assert {"128,000.00", "132,100.00", "19,000.00", "18,600.00", "规则A", "规则B"} <= set(shown)
    assert await cells(page, ".charted:has-text('各基金支付') table") == [
        ["城乡居民基本医疗保险基金", "1,280,000,000.00", "1,321,000,000.00", "41,000,000.00", "61,000", "0"],
        ["居民大病保险资金", "190,000,000.00", "186,000,000.00", "−4,000,000.00", "0", "9,000"],
        ["医疗救助基金", "70,000,000.00", "69,000,000.00", "−1,000,000.00", "300", "2,100"],
        ["医疗救助", "50,000,000.00", "48,500,000.00", "−1,500,000.00", "", ""],
        ["倾斜救助", "20,000,000.00", "20,500,000.00", "500,000.00", "", ""],
    ]
    assert await texts(page.locator(".charted h2")) == [
        "各基金支付图：万元；表：元",
        "谁减负、谁增负人",
        "按就医方式：个人负担图：万元；表：元",
        "按医疗机构等级：个人负担图：万元；表：元",
        "按身份类别：个人负担图：万元；表：元",
        "按乡镇街道：个人负担图：万元；表：元",
        "按原负担从轻到重：个人负担图：万元；表：元",
        "因病致贫预警线人；全年个人负担超过人均可支配收入的一定比例",
        "城乡居民基本医疗保险基金：能支撑多久月末结余，图：万元，色带内为九成情形；表：元",
    ]
    assert (await cells(page, ".charted:has-text('按医疗机构等级') table"))[1] == [
        "二级医疗机构", "800,000", "180,000", "61,000", "0", "1,200,000,000.00",
        "800,000,000.00", "836,000,000.00", "400,000,000.00", "364,000,000.00", "−36,000,000.00",
    ]  # fmt: skip
    assert await cells(page, ".charted:has-text('因病致贫预警线') table") == [
        ["收入的 10%", "2,875.30", "41,200", "38,050", "120", "3,270"],
        ["收入的 25%", "7,188.25", "9,800", "8,640", "0", "1,160"],
    ]
    await page.get_by_text("逐月的数，共 24 个月").click()
    assert (await cells(page, ".charted:has-text('能支撑多久') table"))[23] == [
        "2027-12", "107,000,000.00",
        "110,000,000.00", "48,000,000.00", "33,600,000.00 至 62,400,000.00", "0%",
        "113,500,000.00", "−36,000,000.00", "−50,400,000.00 至 −21,600,000.00", "63.4%",
    ]  # fmt: skip
    await shot(page, "simulation")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button", name="打印")).to_be_hidden()
    await shot(page, "simulation-on-paper")


async def test_who_may_not_simulate_is_told_so(sign_in: SignIn) -> None:
    page = await sign_in("lijing", "/simulations")
    await expect(page.get_by_role("link", name="新的测算")).to_have_count(0)
    await page.goto("/simulations/new")
    await expect(page.locator(".state h1")).to_have_text("您的岗位没有查看此内容的权限")
    await page.goto("/simulations/unknown")
    await expect(page.locator(".state code")).to_have_text("claims.simulation.unknown")


# ---- filings and the sheet --------------------------------------------------------------------------------------------


async def test_a_filing_is_made_and_withdrawn(sign_in: SignIn, gateway: FakeGateway, shot: Shot) -> None:
    page = await sign_in("wangfang", f"/persons/{county.LI}")
    assert await texts(page.locator(".filing .piece").locator("visible=true").filter(has_text="备案")) == [
        "门诊慢特病备案 ✓ 有效 病种 M03900 2026-03-01 起，长期有效",
        "异地长期居住备案 已到期 居住地 110105 2025-01-01 至 2025-12-31",
    ]
    await page.get_by_role("button", name="登记备案").click()
    await page.get_by_label("转往医疗机构（不选为不限）").click()
    await page.get_by_role("option", name="河湾县人民医院").click()
    await page.get_by_label("结束日期").fill("2027-05-21")
    await shot(page, "filing")
    await page.get_by_role("button", name="备案", exact=True).click()
    newest = page.locator(".filing").first
    await expect(newest).to_contain_text("转院备案✓ 有效河湾县人民医院2026-11-22 至 2027-05-21")
    assert gateway.commands[-1][2] == {
        "kind": "referral",
        "code": county.HOSPITAL,
        "begins_on": "2026-11-22",
        "ends_on": "2027-05-21",
    }
    await newest.get_by_role("button", name="撤销").click()
    await expect(page.locator(".ask p").last).to_have_text("撤销转院备案（河湾县人民医院）？撤销前已结算的费用不变。")
    await page.get_by_role("button", name="确认撤销").click()
    await expect(newest).to_contain_text("转院备案已撤销")
    assert gateway.commands[-1][0] == f"/v1/persons/{county.LI}/filings/01FILINGNEW/cancel"


async def test_residence_elsewhere_asks_for_its_region(sign_in: SignIn, gateway: FakeGateway) -> None:
    page = await sign_in("wangfang", f"/persons/{county.ZHANG}")
    await expect(page.get_by_text("没有备案。转院、异地就医前先备案，结算时才按备案的待遇支付。")).to_be_visible()
    await page.get_by_role("button", name="登记备案").click()
    await page.get_by_label("备案种类").click()
    await page.get_by_role("option", name="异地长期居住备案").click()
    await page.get_by_role("button", name="备案", exact=True).click()
    await expect(page.get_by_text("请填写居住地区划代码（六位）")).to_be_visible()
    await page.get_by_label("居住地区划代码（六位）").fill("110105")
    await page.get_by_role("button", name="备案", exact=True).click()
    await expect(page.locator(".filing").first).to_contain_text("异地长期居住备案✓ 有效居住地 1101052026-11-22 起，长期有效")
    assert [body for _, _, body in gateway.commands] == [{"kind": "long_term", "code": "110105", "begins_on": "2026-11-22"}]
    accountant = await sign_in("chenhui", f"/persons/{county.LI}")
    await expect(accountant.get_by_role("heading", name="在办事项")).to_be_visible()
    await expect(accountant.get_by_role("heading", name="备案")).to_have_count(0)


async def test_the_sheet_comes_as_a_pdf(sign_in: SignIn, gateway: FakeGateway) -> None:
    page = await sign_in("wangfang", f"/settlements/{county.STAY}")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="下载PDF").click()
    download = await waiting.value
    assert download.suggested_filename == "结算单.pdf"
    assert (await download.path()).read_bytes() == f"%PDF of {county.STAY}".encode()
    gateway.broken_sheet = True
    await page.get_by_role("button", name="下载PDF").click()
    await expect(page.get_by_role("alert")).to_contain_text("gateway.papers.failed")
