"""One simulation: how far it is, and what it found: per fund, who pays less and more, burden, lines of poverty, solvency."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.charts import Chart, Line, band, count, pairs, sides, wan
from gateway.entrypoints.console.frame import Desk, block, section
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.pages.simulations import facts_of, progress_of, runs, state_of, title_of, versions_of
from gateway.entrypoints.console.rules import CARE, IDENTITIES, LEVELS, percent
from gateway.entrypoints.console.words import BOOKS, SCHEMES, moment, money, num, word
from shared.errors import Refusal

Json = Mapping[str, Any]
Name = Callable[[Json], str]

_LOOK_EVERY_S: Final = 2
_NAMES: Final = ("规则A", "规则B")
_PEOPLE: Final = ("减负", "增负")
_SHOWN: Final = 20
"""Persons listed on each side."""
_CLASSES: Final = {**IDENTITIES, "none": "无身份类别"}


async def show(desk: Desk) -> None:
    """One simulation."""
    simulation_id = desk.path["simulation_id"]
    simulation = await desk.api.get(f"/v1/simulations/{simulation_id}")
    hands = hands_of(await desk.api.look("/v1/auth"))
    ui.page_title(f"{title_of(simulation)} · 政策测算 · 一窗")
    block(_head(simulation, hands))
    if runs(simulation):
        _watch(desk, simulation)
        return
    result = simulation["result"]
    if result is None:
        block(_failed(simulation))
        return
    with ui.element("div").classes("wide-paper"):
        block(_sums(result))
        _funds(result)
        _people(result)
        for key, title, name in (
            ("care", "按就医方式", _worded("care", CARE)),
            ("levels", "按医疗机构等级", _worded("level", LEVELS)),
            ("schemes", "按险种", _worded("scheme", SCHEMES)),
            ("classes", "按身份类别", _worded("class", _CLASSES)),
            ("towns", "按乡镇街道", lambda r: str(r["town"] or "未登记")),
        ):
            _group(title, result[key], name)
        _deciles(result["deciles"])
        _lines(result["lines"])
        _solvency(result["solvency"])
        block(_largest(result["largest"]), _refused(result["refused"]))


def _worded(key: str, words: Mapping[str, str]) -> Name:
    return lambda r: word(words, r[key])


def _head(simulation: Json, hands: Mapping[str, str]) -> Html:
    result = simulation["result"]
    return el(
        "div",
        el(
            "div",
            el("h1", title_of(simulation)),
            state_of(simulation),
            el("button", "打印", type="button", cls="primary", data_print=True, data_enter=True) if result else None,
            cls="title-line",
        ),
        el(
            "p",
            el("span", facts_of(simulation)),
            el(
                "span",
                f"{hands.get(simulation['asked_by'], simulation['asked_by'])} {moment(simulation['asked_at'])} 提出",
                cls="fig",
            ),
            el("span", f"{moment(simulation['finished_at'])} 完成", cls="fig") if simulation["finished_at"] else None,
            cls="facts",
        ),
        el(
            "div",
            [el("div", el("b", name), versions_of(result["books"][side])) for name, side in zip(_NAMES, "ab", strict=True)],
            cls="sides",
        )
        if result
        else None,
        cls="page-head",
    )


def _watch(desk: Desk, simulation: Json) -> None:
    """The progress, looked at again and again until it is over."""
    shown = block(progress_of(simulation))

    async def look() -> None:
        now = await desk.api.look(f"/v1/simulations/{simulation['simulation_id']}")
        if isinstance(now, Refusal):
            return
        if not runs(now):
            timer.deactivate()
            ui.navigate.reload()
        shown.set_content(progress_of(now))

    timer = ui.timer(_LOOK_EVERY_S, look)


def _failed(simulation: Json) -> Html:
    cause = simulation["cause"] or {"code": "", "text": ""}
    again = el("a", "新的测算", href="/simulations/new", cls="button")
    code = el("small", "代码 ", el("code", cause["code"])) if cause["code"] else None
    return el("div", el("div", el("b", f"测算没有完成：{cause['text']}"), code, cls="fault", role="alert"), el("p", again))


def _sums(result: Json) -> Html:
    totals = result["totals"]
    boxes: list[tuple[str, object, object]] = [
        ("结算", f"{totals['claims']:,} 笔", f"{totals['persons']:,} 人"),
        ("基金多支付（万元）", _change(totals["funds_b_fen"] - totals["funds_a_fen"]), f"规则A {wan(totals['funds_a_fen'])}"),
        (
            "个人负担增减（万元）",
            _change(totals["person_b_fen"] - totals["person_a_fen"]),
            f"规则A {wan(totals['person_a_fen'])}",
        ),
        ("减负", f"{totals['winners']:,} 人", ""),
        ("增负", f"{totals['losers']:,} 人", ""),
    ]
    refused = sum(r["claims"] for r in result["refused"])
    return join(
        el(
            "div",
            [el("div", el("small", name), el("b", said), el("small", more), cls="sum") for name, said, more in boxes],
            cls="sums",
        ),
        el("p", f"有 {refused:,} 笔费用至少一套规则没有规定，两边都没有计入，见页末。", cls="hint") if refused else None,
    )


def _change(amount_fen: int) -> Html:
    return el("span", wan(amount_fen), cls="neg" if amount_fen < 0 else "fig")


def _part(title: str, chart: Chart | None, *below: object, note: str) -> None:
    """A section: its chart, and the table under it."""
    with ui.element("section").classes("charted"):
        block(el("h2", title, el("small", note)))
        if chart is not None:
            ui.echart(chart.options, renderer="svg").style(f"height:{chart.height}px")
        block(*below)


def _funds(result: Json) -> None:
    funds = result["funds"]
    rows = []
    for fund in funds:
        rows.append(_cost(fund["name"], fund["a_fen"], fund["b_fen"], fund["winners"], fund["losers"], strong=True))
        if len(fund["layers"]) > 1:
            rows += [_cost("　" + layer["name"], layer["a_fen"], layer["b_fen"]) for layer in fund["layers"]]
    a, b = (sum(f[k] for f in funds) for k in ("a_fen", "b_fen"))
    heads = ["基金", "#规则A", "#规则B", "#增减", "#得到更多（人）", "#得到更少（人）"]
    chart = pairs("各基金支付，万元", [(f["name"], f["a_fen"], f["b_fen"]) for f in funds], _NAMES, wan)
    _part("各基金支付", chart, table(heads, rows, foot=_cost("合计", a, b)), note="图：万元；表：元")


def _cost(name: str, a: int, b: int, winners: int | None = None, losers: int | None = None, *, strong: bool = False) -> Html:
    people = [el("td", count(n) if n is not None else "", cls="num") for n in (winners, losers)]
    return row(el("td", name), num(a), num(b), num(b - a), *people, cls="strong" if strong else "")


def _people(result: Json) -> None:
    groups = [(f"第 {d['decile']} 档", d["winners"], d["losers"]) for d in result["deciles"]]
    if any(winners or losers for _, winners, losers in groups):
        chart = sides("按原负担从轻到重十档，减负与增负人数", groups, _PEOPLE, count)
        said = "把人按规则A下全年个人负担从轻到重分成十档，各档人数大致相等。"
        _part("谁减负、谁增负", chart, el("p", said, cls="soft"), note="人")


def _group(title: str, rows: Sequence[Json], name: Name) -> None:
    if len(rows) < 2:  # one group is everything, which stands above
        return
    chart = pairs(f"{title}，个人负担，万元", [(name(r), r["person_a_fen"], r["person_b_fen"]) for r in rows], _NAMES, wan)
    _part(f"{title}：个人负担", chart, _table(title.removeprefix("按"), rows, name), note="图：万元；表：元")


def _table(first: str, rows: Sequence[Json], name: Name) -> Html:
    heads = [
        first,
        "#结算（笔）",
        "#人数",
        "#减负",
        "#增负",
        "#医疗费总额",
        "#基金A",
        "#基金B",
        "#个人A",
        "#个人B",
        "#个人增减",
    ]
    made = [
        row(
            el("td", name(r)),
            el("td", count(r["claims"]), cls="num"),
            *(el("td", count(r[k]) if k in r else "—", cls="num") for k in ("persons", "winners", "losers")),
            num(r["total_fen"]),
            num(r["funds_a_fen"]),
            num(r["funds_b_fen"]),
            num(r["person_a_fen"]),
            num(r["person_b_fen"]),
            num(r["person_b_fen"] - r["person_a_fen"]),
        )
        for r in rows
    ]
    return table(heads, made, cls="wide-figures")


def _deciles(deciles: Sequence[Json]) -> None:
    if not deciles:
        return
    chart = pairs(
        "按原负担从轻到重十档，个人负担，万元",
        [(f"第 {d['decile']} 档", d["person_a_fen"], d["person_b_fen"]) for d in deciles],
        _NAMES,
        wan,
    )
    rows = [
        row(
            el("td", f"第 {d['decile']} 档"),
            el("td", money(d["up_to_fen"]) if d["up_to_fen"] is not None else "以上", cls="num"),
            *(el("td", count(d[k]), cls="num") for k in ("persons", "winners", "losers")),
            num(d["total_fen"]),
            num(d["person_a_fen"]),
            num(d["person_b_fen"]),
            num(d["person_b_fen"] - d["person_a_fen"]),
        )
        for d in deciles
    ]
    heads = ["", "#全年负担不超过", "#人数", "#减负", "#增负", "#医疗费总额", "#个人A", "#个人B", "#增减"]
    _part("按原负担从轻到重：个人负担", chart, table(heads, rows), note="图：万元；表：元")


def _lines(lines: Sequence[Json]) -> None:
    if not lines:
        return
    names = [f"收入的 {percent(r['share'])}" for r in lines]
    shown = [(name, r["above_a"], r["above_b"]) for name, r in zip(names, lines, strict=True)]
    rows = [
        row(
            name,
            num(r["line_fen"]),
            *(el("td", count(r[k]), cls="num") for k in ("above_a", "above_b", "newly_above", "no_longer_above")),
        )
        for name, r in zip(names, lines, strict=True)
    ]
    heads = ["预警线", "#线（元）", "#超线A", "#超线B", "#新超线", "#不再超线"]
    chart = pairs("全年个人负担超过预警线的人数", shown, _NAMES, count)
    _part("因病致贫预警线", chart, table(heads, rows), note="人；全年个人负担超过人均可支配收入的一定比例")


def _solvency(rows: Sequence[Json]) -> None:
    for fund, mine in groupby(rows, key=lambda r: str(r["fund"])):
        books = {side: [r for r in found if r["book"] == side] for found in (list(mine),) for side in "ab"}
        months = [str(r["month"]) for r in books["a"]]
        a, b = (
            Line(
                name,
                [r["balance_fen"] for r in books[side]],
                [r["balance_low_fen"] for r in books[side]],
                [r["balance_high_fen"] for r in books[side]],
            )
            for name, side in zip(_NAMES, "ab", strict=True)
        )
        name = word(BOOKS, fund)
        chart = band(f"{name}月末结余，万元", months, a, b)
        _part(
            f"{name}：能支撑多久", chart, _months(books["a"], books["b"]), note="月末结余，图：万元，色带内为九成情形；表：元"
        )


def _months(a: Sequence[Json], b: Sequence[Json]) -> Html:
    def between(r: Json) -> Html:
        return el("td", money(r["balance_low_fen"]), " 至 ", money(r["balance_high_fen"]), cls="num soft")

    def empty_in(r: Json) -> Html:
        return el("td", percent(r["draws_empty"] * 1_000_000 // r["draws"]) if r["draws"] else "—", cls="num")

    rows = [
        row(
            el("td", x["month"], cls="fig"), num(x["income_fen"]),
            num(x["payment_fen"]), num(x["balance_fen"]), between(x), empty_in(x),
            num(y["payment_fen"]), num(y["balance_fen"]), between(y), empty_in(y),
        )
        for x, y in zip(a, b, strict=True)
    ]  # fmt: skip
    heads = ["月份", "#收入", "#支出A", "#结余A", "#九成情形A", "#赤字可能A", "#支出B", "#结余B", "#九成情形B", "#赤字可能B"]
    return el("details", el("summary", f"逐月的数，共 {len(rows)} 个月"), table(heads, rows, cls="wide-figures"))


def _largest(largest: Json) -> Html:
    def listed(people: Sequence[Json]) -> Html:
        rows = [
            row(
                el("td", str(n), cls="fig"),
                el("td", str(p["year"]), cls="fig"),
                word(_CLASSES, p["class"]),
                el("td", p["town"] or "—"),
                num(p["person_a_fen"]),
                num(p["person_b_fen"]),
                num(p["change_fen"]),
            )
            for n, p in enumerate(people[:_SHOWN], 1)
        ]
        return (
            table(["", "年度", "身份", "乡镇街道", "#个人A", "#个人B", "#增减"], rows)
            if rows
            else el("p", "没有。", cls="soft")
        )

    return section(
        "变化最大的人",
        el(
            "div",
            el("div", el("h3", "减负最多"), listed(largest["winners"])),
            el("div", el("h3", "增负最多"), listed(largest["losers"])),
            cls="columns even",
        ),
        note=f"各列前 {_SHOWN} 人，不显示姓名；元",
    )


def _refused(refused: Sequence[Json]) -> Html | None:
    if not refused:
        return None
    rows = [
        row(
            _NAMES["ab".index(r["book"])] if r["book"] in ("a", "b") else "—",
            el("td", r["text"]),
            el("td", count(r["claims"]), cls="num"),
            num(r["total_fen"]),
        )
        for r in refused
    ]
    return section("规则没有规定的费用", table(["哪套规则", "原因", "#笔数", "#医疗费总额"], rows), note="元；两边都没有计入")
