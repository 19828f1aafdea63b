"""归还情况: the director's five minutes: money returned to each fund, days from decision to refund, what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.charts import columns, count, stacked
from gateway.entrypoints.console.frame import Desk, block, empty, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.words import BOOKS, PARTIES, money, num, word

Json = Mapping[str, Any]

_MONTHS: Final = 12
_FOLDED: Final = 10
"""Working days from which the tail of the distribution is one column."""


async def show(desk: Desk) -> None:
    """Twelve months back from today."""
    since = _months_before(desk.today, _MONTHS - 1)
    found = await desk.api.get("/v1/fund-returns", since=since.isoformat(), until=desk.today.isoformat())
    ui.page_title("归还情况 · 一窗")
    block(
        el(
            "div",
            el("h1", "工伤与医保基金互相归还"),
            el("small", f"{day_month(since)} 至 {day_month(desk.today)}", cls="soft"),
            el("button", "打印", type="button", data_print=True),
            cls="title-line",
        ),
        _sums(found),
    )
    with ui.element("div").classes("wide-paper"):
        _months(found, desk.today)
        _days(found)
        block(section("未收回的追偿", _open(found["open"]), note="元"))


def day_month(day: date) -> str:
    """A month in words."""
    return f"{day.year} 年 {day.month} 月"


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _net(found: Json) -> dict[tuple[str, str], int]:
    """Returned less moved back after a revocation, per month and book."""
    sums: dict[tuple[str, str], int] = {}
    for m in found["months"]:
        key = (m["month"], m["book"])
        sums[key] = sums.get(key, 0) + (m["amount_fen"] if m["direction"] == "out" else -m["amount_fen"])
    return sums


def _sums(found: Json) -> Html:
    returned = sum(_net(found).values())
    rate = f"{found['in_time'] * 100 // found['refunds']}%" if found["refunds"] else "—"
    middle = _median(found["days"])
    cards: list[tuple[str, object, str]] = [
        ("归还医保各基金（元）", money(returned), f"{sum(m['transfers'] for m in found['months'])} 笔划转"),
        ("退还个人（笔）", count(found["refunds"]), "全部由系统调取结算数据，不收纸质单据"),
        (
            "从认定到退款，一半的人不超过",
            "—" if middle is None else f"{middle} 个工作日",
            f"目标 {found['within']} 个工作日以内",
        ),
        (f"{found['within']} 个工作日内退款", rate, f"{found['in_time']} 笔，共 {found['refunds']} 笔"),
        (
            "未收回的追偿（元）",
            money(sum(o["open_fen"] for o in found["open"])),
            f"{sum(o['debts'] for o in found['open'])} 笔",
        ),
    ]
    return el(
        "div",
        [el("div", el("small", name), el("b", figure), el("small", note), cls="sum") for name, figure, note in cards],
        cls="sums tall",
    )


def _median(days: list[Json]) -> int | None:
    total, seen = sum(d["refunds"] for d in days), 0
    for d in days:
        seen += d["refunds"]
        if 2 * seen >= total:
            return int(d["working_days"])
    return None


def _months(found: Json, today: date) -> None:
    net = _net(found)
    if not net:
        block(section("每月归还各基金", empty("这一年还没有归还。")))
        return
    months = [_months_before(today, n).strftime("%Y-%m") for n in range(_MONTHS - 1, -1, -1)]
    books = [book for book in BOOKS if any(b == book for _, b in net)]
    series = [(word(BOOKS, book), [net.get((month, book), 0) for month in months]) for book in books]
    chart = stacked("每月归还各基金", [f"{int(m[5:])}月" for m in months], series)
    with ui.element("section").classes("charted"):
        block(el("h2", "每月归还各基金", el("small", "图上为万元，表中为元")))
        ui.echart(chart.options, renderer="svg").style(f"height:{chart.height}px")
        rows = [
            row(
                el("td", m, cls="fig"),
                *(num(net.get((m, book), 0)) for book in books),
                num(sum(net.get((m, b), 0) for b in books)),
            )
            for m in months
            if any((m, book) in net for book in books)
        ]
        foot = row("合计", *(num(sum(amounts)) for _, amounts in series), num(sum(net.values())))
        block(table(["月份", *(f"#{name}" for name, _ in series), "#合计"], rows, foot=foot))


def _days(found: Json) -> None:
    if not found["refunds"]:
        return
    within, last = found["within"], _FOLDED
    counts = [0] * (last + 1)
    for d in found["days"]:
        counts[max(0, min(d["working_days"], last))] += d["refunds"]
    names = [*(str(n) for n in range(last)), f"{last} 及以上"]
    chart = columns("从认定到退款的工作日数", names, counts, good=within, unit="笔")
    with ui.element("section").classes("charted"):
        note = f"每柱为退款笔数；深蓝为 {within} 个工作日以内，橙色为超过"
        block(el("h2", "从认定到退款用了几个工作日", el("small", note)))
        ui.echart(chart.options, renderer="svg").style(f"height:{chart.height}px")


def _open(rows_: list[Json]) -> Html:
    if not rows_:
        return el("p", "✓ 没有未收回的追偿。")
    rows = [
        row(
            word(BOOKS, o["book"]),
            word(PARTIES, o["debtor_kind"]),
            el("td", count(o["debts"]), cls="num fig"),
            num(o["open_fen"]),
        )
        for o in rows_
    ]
    foot = row(
        "合计", "", el("td", count(sum(o["debts"] for o in rows_)), cls="num fig"), num(sum(o["open_fen"] for o in rows_))
    )
    return el(
        "div",
        table(["账套", "应付方", "#笔数", "#未收回"], rows, foot=foot),
        el("p", el("a", "按账龄逐笔看", href="/worklists/recoveries", cls="button screen")),
    )
