"""One rule book: what it says in tables, what the check found, its trial, what it changes, who did what, and the acts of this person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from gateway.entrypoints.console.forms import NOTE, ask_button, field, send_button
from gateway.entrypoints.console.frame import Desk, block, empty, missing, section
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.pages.rule_books import name_of, version_line
from gateway.entrypoints.console.rules import (
    ACTS,
    DATED_BY,
    FINDINGS,
    GRADES,
    PAYS,
    PLACES,
    SEVERITIES,
    STATES,
    TONES,
    adjustment,
    bands,
    caps,
    cited,
    claim,
    condition,
    deductible,
    layer_facts,
    next_step,
    path_in_words,
    percent,
    value_in_words,
)
from gateway.entrypoints.console.words import BOOKS, SCHEMES, badge, day, moment, num, word
from shared.errors import Refusal
from shared.money import format_yuan

Json = Mapping[str, Any]

_TABS: Final = {
    "terms": "待遇标准",
    "changes": "与其他版本比较",
    "lint": "检查结果",
    "trial": "试算结果",
    "history": "经过",
    "text": "原文",
}
_LOOK_EVERY_S: Final = 2
_OTHERS: Final = 100
_OPEN: Final = frozenset({"draft", "linted", "shadow-run"})
"""States in which the text may still be replaced."""


async def show(desk: Desk) -> None:
    """One book."""
    book_id = desk.path["book_id"]
    book = await desk.api.get(f"/v1/rule-books/{book_id}")
    jobs, provider = await desk.api.together(f"/v1/rule-books/{book_id}/jobs?limit=20", "/v1/auth")
    hands = hands_of(provider)
    running = None if isinstance(jobs, Refusal) else next((j for j in jobs["items"] if _runs(j)), None)
    tab = desk.query.get("tab", "terms")
    ui.page_title(f"{book['title']} · 一窗")
    block(_head(book, hands))
    _acts(desk, book, running)
    block(_tabs(book, tab))
    if tab == "changes":
        await _changes(desk, book)
    elif tab == "lint":
        block(_lint(book))
    elif tab == "trial":
        _trial(desk, book, jobs, running, hands)
    elif tab == "history":
        block(_history(book, hands))
    elif tab == "text":
        block(_text(book))
    else:
        block(_terms(book, desk.query.get("version")))


def _runs(job: Json) -> bool:
    return job["state"] in ("queued", "running")


def _head(book: Json, hands: Mapping[str, str]) -> Html:
    done = "✓ " if book["state"] == "effective" else ""
    return el(
        "div",
        el(
            "div",
            el("h1", book["title"]),
            badge(done + book["state_name"], TONES.get(book["state"], "due")),
            cls="title-line",
        ),
        el(
            "p",
            el("span", book["place"]),
            el("span", word(SCHEMES, book["scheme"])),
            [el("span", version_line(v), cls="fig") for v in book["versions"]],
            el("span", f"提交 {name_of(book['submitted_by'], hands)} {moment(book['submitted_at'])}", cls="fig"),
            el("span", f"经办 {name_of(book['maker'], hands)}") if book["maker"] else None,
            el("span", f"复核 {name_of(book['checker'], hands)}") if book["checker"] else None,
            cls="facts",
        ),
        cls="page-head",
    )


def _tabs(book: Json, here: str) -> Html:
    lint = book["lint"]
    counts = {"lint": f" {len(lint['findings'])}" if lint else "", "history": f" {len(book['acts'])}"}
    links = [
        el("a", name + counts.get(code, ""), href=f"?tab={code}", aria_current="page" if code == here else None)
        for code, name in _TABS.items()
    ]
    return el("nav", links, cls="tabs", aria_label="这个规则集的各部分")


# ---- what this person may do --------------------------------------------------------------------------------------------


def _acts(desk: Desk, book: Json, running: Json | None) -> None:
    step, state, me = next_step(book), book["state"], desk.me["user_id"]
    mine = step.waits_for(me, desk.can)
    if running:
        block(el("div", el("p", "正在试算，完成后再办下一步。", el("a", "看进度", href="?tab=trial")), cls="next"))
        return
    if step.act:
        said = "您已办过前一步，须由另一人办理。" if desk.can(step.scope) and me in step.not_by else ""
        block(el("div", el("p", f"下一步：{step.in_words(mine=mine)}。{said}"), cls="next"))
    with ui.element("div").classes("acts screen"):
        if mine:
            _forward(desk, book)
        if state in ("shadow-run",) and book["maker"] is None and desk.can("rules:write"):
            _trial_button(desk, book, "再试算")
        if state in _OPEN and desk.can("rules:write"):
            block(el("a", "更换文本", href=f"/rule-books/{book['book_id']}/text", cls="button"))
        if state == "effective" and book["ending"] is None and desk.can("rules:approve"):
            ends_on = field("ends_on", "最后一天", "date")
            _act_button(
                desk, book, "retire", "提出退役", "最后一天之后，这个规则集不再适用；还须另一人确认。", rules=(ends_on, NOTE)
            )
        if state in (*_OPEN, "approved") and desk.can("rules:approve"):
            _act_button(desk, book, "retire", "作废", "作废后不能再用，要用须重新提交。")


def _forward(desk: Desk, book: Json) -> None:
    """The one act that the book waits for."""
    state = book["state"]
    if state == "draft":

        async def check(key: str) -> None:
            await desk.api.command(f"/v1/rule-books/{book['book_id']}/lint", {}, key)
            ui.navigate.to(f"/rule-books/{book['book_id']}?tab=lint")

        send_button(desk, "检查", check, primary=True)
    elif state == "linted":
        _trial_button(desk, book, "试算", primary=True)
    elif state == "shadow-run" and book["maker"] is None:
        _act_button(desk, book, "approve", "经办通过", "经办通过后，由另一人复核。", primary=True)
    elif state == "shadow-run":
        _act_button(desk, book, "approve", "复核通过", "复核通过后即为已批准，文本不能再改。", primary=True)
    elif state == "approved":
        days = "；".join(version_line(v) for v in book["versions"] if not v["registered"])
        _act_button(desk, book, "make-effective", "生效", f"这些日期的费用将按此规则集结算：{days}。不能撤回。", primary=True)
    else:
        last = book["ending"]["ends_on"]
        _act_button(
            desk,
            book,
            "retire",
            "确认退役",
            f"最后一天为 {last}，之后不再适用。不能撤回。",
            fixed={"ends_on": last},
            primary=True,
        )


def _act_button(
    desk: Desk,
    book: Json,
    act: str,
    text: str,
    question: str,
    *,
    rules: Sequence[Json] = (NOTE,),
    fixed: Mapping[str, str] | None = None,
    primary: bool = False,
) -> None:
    async def send(typed: dict[str, Any], key: str) -> None:
        await desk.api.command(f"/v1/rule-books/{book['book_id']}/{act}", {**typed, **(fixed or {})}, key)
        ui.navigate.reload()

    ask_button(desk, text, f"《{book['title']}》：{question}", send, rules=rules, primary=primary)


def _trial_button(desk: Desk, book: Json, text: str, *, primary: bool = False) -> None:
    names = [v["version"] for v in book["versions"]]
    rules: list[Json] = [
        field("from_on", "结算日期从", "date"),
        field("to_on", "到", "date"),
    ]
    if len(names) > 1:
        choices = {name: name for name in names}
        rules.append(field("version", "用哪个版本", "choice", choices=choices))
    last_year = desk.today.year - 1
    values = {"from_on": f"{last_year}-01-01", "to_on": f"{last_year}-12-31", "version": names[-1]}

    async def send(typed: dict[str, Any], key: str) -> None:
        await desk.api.command(f"/v1/rule-books/{book['book_id']}/shadow-run", typed, key)
        ui.navigate.to(f"/rule-books/{book['book_id']}?tab=trial")

    question = "把这段日期内已结算的费用按此规则集重算一遍，与原结算比较。不改动任何结算，最长 366 天。"
    ask_button(desk, text, question, send, rules=rules, values=values, primary=primary)


# ---- what it says -------------------------------------------------------------------------------------------------------


def _version(book: Json, name: str | None) -> Json:
    versions = sorted(book["parsed"]["versions"], key=lambda v: str(v["effective_from"]))
    found = next((v for v in versions if v["version"] == name), None)
    return dict(found or versions[-1])


def _terms(book: Json, name: str | None) -> Html:
    version = _version(book, name)
    others = [v["version"] for v in book["versions"]]
    choice = [
        el("a", f"版本 {other}", href=f"?{urlencode({'version': other})}", cls="button", aria_current=_here(other, version))
        for other in others
        if len(others) > 1
    ]
    return join(
        el("div", choice, cls="filter") if choice else None,
        el("p", [el("span", fact) for fact in _version_facts(version)], cls="facts"),
        [_layer(layer, version, number) for number, layer in enumerate(version["layers"], 1)],
        _before_layers(version),
        _sources(version),
    )


def _here(name: str, version: Json) -> str | None:
    return "page" if name == version["version"] else None


def _version_facts(version: Json) -> list[str]:
    year = "自然年度" if version["policy_year"] == "calendar" else f"每年 {version['policy_year']} 起"
    referral = version.get("referral_needed", ["out_of_province"])
    return [
        f"版本 {version['version']}",
        f"按{DATED_BY[version['dated_by']]}适用",
        f"待遇年度：{year}",
        f"须转诊：{'、'.join(PLACES[place] for place in referral) or '无'}",
    ]


def _layer(layer: Json, version: Json, number: int) -> Html:
    excess = layer.get("bounds") == "excess"
    rows = []
    for terms in layer["terms"]:
        stretches = bands(terms, excess=excess)
        who = condition(terms.get("when"))
        rows.append(
            row(
                el("td", terms["name"], el("small", who) if who and who != terms["name"] else None),
                el("td", _lines(deductible(terms)), cls="num"),
                el("td", _lines([stretch for stretch, _ in stretches]), cls="num nowrap"),
                el("td", _lines([rate for _, rate in stretches]), cls="num"),
                el("td", _lines(caps(terms)) if caps(terms) else "—", cls="num"),
                el("td", cited(terms, version, inherited=layer), cls="source-cell"),
            )
        )
    heads = ["待遇标准", "#起付线", "#费用分段", "#支付比例", "#封顶线", "依据"]
    return section(
        f"{number}. {layer['name']}",
        el("p", [el("span", fact) for fact in layer_facts(layer)], cls="facts"),
        table(heads, rows, cls="terms layer"),
        _adjustments(layer, version) if layer.get("adjustments") else None,
        note="元",
    )


def _adjustments(layer: Json, version: Json) -> Html:
    rows = [
        row(
            el("td", rule["name"]),
            el("td", condition(rule.get("when")) or "—"),
            el("td", adjustment(rule)),
            el("td", cited(rule, version, inherited=layer), cls="source-cell"),
        )
        for rule in layer["adjustments"]
    ]
    return table(["调整", "条件", "怎样调整", "依据"], rows, cls="terms")


def _lines(lines: Sequence[str]) -> list[Html]:
    return [el("div", line) for line in lines]


def _before_layers(version: Json) -> Html:
    """What is divided off before and after the layers: class B, other shares, the personal account."""
    rows = [row("乙类项目先行自付", percent(version["class_b"]["rate"]), "", _cite(version["class_b"], version))]
    rows += [
        row(
            rule["name"] + "先行自付",
            percent(rule["pre_selfpay"]),
            "其余直接纳入" if rule.get("flat") else "",
            _cite(rule, version),
        )
        for rule in version.get("line_classes", [])
    ]
    rows += [
        row(rule["name"] + "先行自付", percent(rule["pre_selfpay"]), condition(rule["when"]), _cite(rule, version))
        for rule in version.get("bill_adjustments", [])
    ]
    rows += [
        row(name, format_yuan(base["amount"]), "", _cite(base, version)) for name, base in version.get("bases", {}).items()
    ]
    account = version["account"]
    family = f"家庭共济：{PAYS[account['family']]}" if account.get("family") else ""
    rows.append(row("个人账户可支付", PAYS[account["pays"]], family, _cite(account, version)))
    if incentive := version.get("incentive"):
        most = f"合计不超过封顶线的 {percent(incentive.get('at_most_share', 200_000))}"
        grown = f"连续参保满 {incentive.get('after_years', 4)} 年后每年提高封顶线 {format_yuan(incentive['per_year'])}"
        rows.append(row("激励", grown, most, _cite(incentive, version)))
    if waiting := version.get("waiting"):
        more = waiting.get("per_missed_year_months")
        rows.append(
            row(
                "等待期",
                f"固定 {waiting['fixed_months']} 个月",
                f"断缴每多一年加 {more} 个月" if more else "",
                _cite(waiting, version),
            )
        )
    return section("其他规定", table(["事项", "标准", "说明", "依据"], rows, cls="terms"))


def _cite(rule: Json, version: Json) -> Html:
    return el("td", cited(rule, version), cls="source-cell")


def _sources(version: Json) -> Html:
    rows = [
        row(source["title"], badge(word(GRADES, source["grade"])), el("td", source.get("url") or "—", cls="soft url"))
        for source in version["sources"].values()
    ]
    return section("依据的文件", table(["文件", "出处", "网址"], rows))


# ---- check, trial, difference, history ----------------------------------------------------------------------------------


def _lint(book: Json) -> Html:
    lint = book["lint"]
    if lint is None:
        return empty("这个文本还没有检查。检查会找出断档、倒挂、断崖等问题，每个问题都附一笔最小的费用。")
    names = {
        terms["code"]: terms["name"]
        for version in book["parsed"]["versions"]
        for layer in version["layers"]
        for terms in layer["terms"]
    }
    found = lint["findings"]
    notes = len(found) - lint["errors"] - lint["warnings"]
    said = f"错误 {lint['errors']} 项，提醒 {lint['warnings']} 项，备注 {notes} 项"
    result = "有错误，须更正文本后重新检查" if lint["errors"] else "没有错误，可以试算"
    order = list(SEVERITIES)
    return section(
        "检查结果",
        el("p", f"{result}。", cls="note" if not lint["errors"] else "hint"),
        [_finding(f, names) for f in sorted(found, key=lambda f: order.index(f["severity"]))],
        note=said,
    )


def _finding(finding: Json, names: Mapping[str, str]) -> Html:
    sign, name, tone = SEVERITIES[finding["severity"]]
    example, kind = finding["example"], word(FINDINGS, finding["code"])
    rows = [row(el("td", label), el("td", value, cls="num")) for label, value in claim(example, names)] if example else []
    file, _, line = finding["place"].rpartition(":")
    return el(
        "div",
        el(
            "div",
            badge(f"{sign} {name}", tone),
            el("b", kind),
            el("small", f"{file} 第 {line} 行" if file else finding["place"], cls="fig"),
        ),
        el("p", finding["zh"].removeprefix(f"{kind}：")),
        el("details", el("summary", "看最小的一笔费用"), table(["", ""], rows, cls="plain-head form smallest"))
        if rows
        else None,
        cls="finding",
    )


def _trial(desk: Desk, book: Json, jobs: Any, running: Json | None, hands: Mapping[str, str]) -> None:
    if isinstance(jobs, Refusal):
        block(missing(jobs))
        return
    if running:
        _watch(desk, running)
    result = book["shadow_run"]
    if result is None and not jobs["items"]:
        block(empty("还没有试算。试算把一段日期内已结算的费用按这个规则集重算，看各基金和个人的增减。"))
        return
    if result is not None:
        block(_result(result))
    rows = [
        row(
            el("td", moment(j["asked_at"]), cls="fig"),
            name_of(j["asked_by"], hands),
            el("td", f"{day(j['from_on'])} 至 {day(j['to_on'])}", cls="fig"),
            el("td", j["version"]),
            _job_state(j),
            el("td", f"{j['done']:,}", cls="num"),
        )
        for j in jobs["items"]
    ]
    block(section("试算记录", table(["提出", "谁", "结算日期", "版本", "状态", "#已重算（笔）"], rows)))


def _job_state(job: Json) -> Html:
    names = {
        "queued": ("排队中", "due"),
        "running": ("试算中", "due"),
        "done": ("✓ 完成", "done"),
        "failed": ("✗ 未完成", "late"),
    }
    name, tone = names[job["state"]]
    return badge(name, tone)


def _watch(desk: Desk, running: Json) -> None:
    """The progress of a trial, looked at again and again until it is over."""
    shown = block(_progress(running))

    async def look() -> None:
        now = await desk.api.look(f"/v1/rule-book-jobs/{running['job_id']}")
        if isinstance(now, Refusal):
            return
        if not _runs(now):
            timer.deactivate()
            ui.navigate.reload()
        shown.set_content(_progress(now))

    timer = ui.timer(_LOOK_EVERY_S, look)


def _progress(job: Json) -> Html:
    done, total = job["done"], job["total"] or 0
    said = f"已重算 {done:,} 笔，共 {total:,} 笔" if total else "排队中，等前面的试算完成"
    return el("div", el("p", said), progress_bar(done, total), cls="progress", role="status")


def progress_bar(done: int, total: int) -> Html:
    """How far something is, as a bar with its share in words beside it."""
    share = min(100, done * 100 // total) if total else 0
    return el("div", el("div", el("i", style=f"width:{share}%"), cls="bar"), el("b", f"{share}%", cls="fig"), cls="bar-line")


def _result(result: Json) -> Html:
    sums = (
        ("重算", f"{result['count']:,} 笔"),
        ("没有变化", f"{result['same']:,} 笔"),
        ("个人少付", f"{result['winners']:,} 笔"),
        ("个人多付", f"{result['losers']:,} 笔"),
        ("规则未覆盖", f"{result['uncovered']:,} 笔"),
    )
    rows = [
        row(word(BOOKS, book), num(f["before_fen"]), num(f["after_fen"]), num(f["after_fen"] - f["before_fen"]))
        for book, f in result["funds"].items()
    ]
    before, after = (sum(f[k] for f in result["funds"].values()) for k in ("before_fen", "after_fen"))
    rows.append(row("基金合计", num(before), num(after), num(after - before), cls="strong"))
    was, now = result["person_before_fen"], result["person_after_fen"]
    rows.append(row("个人负担", num(was), num(now), num(now - was), cls="strong"))
    largest = [
        row(
            el("a", f"第 {n} 笔", href=f"/settlements/{s['settlement_id']}"),
            num(s["before_fen"]),
            num(s["after_fen"]),
            num(s["after_fen"] - s["before_fen"]),
            data_row=True,
            tabindex=0,
        )
        for n, s in enumerate(result["largest"], 1)
    ]
    uncovered = f"有 {result['uncovered']:,} 笔费用这个规则集没有规定，若生效将被拒绝结算。"
    return join(
        section(
            "试算结果",
            el("div", [el("div", el("small", name), el("b", text), cls="sum") for name, text in sums], cls="sums"),
            el("p", uncovered, cls="hint") if result["uncovered"] else None,
            note=f"{day(result['from_on'])} 至 {day(result['to_on'])} 结算的费用，按版本 {result['version']}",
        ),
        section("各基金和个人", table(["", "#原结算", "#重算", "#增减"], rows), note="元"),
        section(
            "变化最大的结算",
            table(["结算", "#原基金支付", "#重算", "#增减"], largest, cls="rows"),
            note="元，逐笔点开看原结算单",
        )
        if largest
        else None,
    )


async def _changes(desk: Desk, book: Json) -> None:
    found = await desk.api.look("/v1/rule-books", region=book["region"], scheme=book["scheme"], limit=_OTHERS)
    if isinstance(found, Refusal):
        block(missing(found))
        return
    choices = {
        f"{other['book_id']}/{v['version']}": f"{other['title']}　{v['version']}（{other['state_name']}）"
        for other in found["items"]
        for v in other["versions"]
    }
    own = [v["version"] for v in book["versions"]]
    version = desk.query.get("version") or own[-1]
    choices.pop(f"{book['book_id']}/{version}", None)
    if not choices:
        block(empty("这个统筹区和险种没有别的版本可比较。"))
        return
    against = desk.query.get("against") or _usual(book, found["items"], version, choices)
    other_id, _, other_version = against.partition("/")
    block(_choice(choices, against, own, version))
    answer = await desk.api.look(
        f"/v1/rule-books/{book['book_id']}/diff", against=other_id, version=version, against_version=other_version
    )
    if isinstance(answer, Refusal):
        block(missing(answer))
        return
    other = await desk.api.look(f"/v1/rule-books/{other_id}")
    stated = [_version(book, version)] + ([] if isinstance(other, Refusal) else [_version(other, other_version)])
    block(_differences(answer["differences"], stated))


def _usual(book: Json, books: Sequence[Json], version: str, choices: Mapping[str, str]) -> str:
    """What one would compare with: the version before in the same book, else what is in force, else whatever there is."""
    versions = [v["version"] for v in book["versions"]]
    if (at := versions.index(version) if version in versions else 0) > 0:
        return f"{book['book_id']}/{versions[at - 1]}"
    for other in books:
        key = f"{other['book_id']}/{other['versions'][-1]['version']}"
        if other["state"] == "effective" and key in choices:
            return key
    return next(iter(choices))


def _choice(choices: Mapping[str, str], against: str, own: Sequence[str], version: str) -> Html:
    return el(
        "form",
        el("input", type="hidden", name="tab", value="changes"),
        el("label", "与 ", _select("against", choices, against), " 比较"),
        el("label", "本规则集的版本 ", _select("version", {v: v for v in own}, version)) if len(own) > 1 else None,
        el("button", "看不同", type="submit"),
        method="get",
        cls="compare",
    )


def _select(name: str, choices: Mapping[str, str], chosen: str) -> Html:
    return el("select", [el("option", text, value=key, selected=key == chosen) for key, text in choices.items()], name=name)


def _differences(differences: Sequence[Json], stated: Sequence[Json]) -> Html:
    if not differences:
        return empty("两个版本没有不同。")
    marks = {"added": ("＋", "新增", "done"), "gone": ("−", "删去", "late"), "other": ("≠", "改动", "due")}
    rows = []
    for d in differences:
        sign, name, tone = marks["added" if d["before"] is None else "gone" if d["after"] is None else "other"]
        rows.append(
            row(
                el("td", badge(f"{sign} {name}", tone)),
                el("td", path_in_words(d["path"], *stated)),
                el("td", value_in_words(d["path"], d["before"]), cls="before"),
                el("td", value_in_words(d["path"], d["after"]), cls="after"),
            )
        )
    return section(
        "改了什么", table(["", "哪一处", "对方", "本规则集"], rows, cls="diff"), note=f"{len(differences)} 处，金额为元"
    )


def _history(book: Json, hands: Mapping[str, str]) -> Html:
    rows = [
        row(
            el("td", moment(act["at"]), cls="fig"),
            name_of(act["by"], hands),
            el("td", el("b", word(ACTS, act["act"]))),
            el("td", [el("div", line) for line in _details(act)]),
            badge(word(STATES, act["state"]), TONES.get(act["state"], "due")),
        )
        for act in reversed(book["acts"])
    ]
    return section("经过", table(["时间", "谁", "做了什么", "说明", "之后状态"], rows), note="最近的在前，不能更改")


def _details(act: Json) -> list[str]:
    details = act["details"]
    lines = [f"意见：{act['note']}"] if act["note"] else []
    if act["act"] in ("submit", "change"):
        lines.append(f"第 {details['revision']} 稿")
    if "errors" in details:
        lines.append(f"错误 {details['errors']} 项，提醒 {details['warnings']} 项")
    if "from_on" in details:
        lines.append(f"结算日期 {day(details['from_on'])} 至 {day(details['to_on'])}")
    if "count" in details:
        lines.append(f"重算 {details['count']:,} 笔")
    if isinstance(details.get("ends_on"), str):
        lines.append(f"最后一天 {day(details['ends_on'])}")
    lines += [
        f"版本 {v['version']} 自 {day(v['effective_from'])} 起" for v in details.get("versions", []) if isinstance(v, Mapping)
    ]
    lines += [f"版本 {v['version']} 至 {day(v['ends_on'])} 止" for v in details.get("ended", []) if isinstance(v, Mapping)]
    return lines


def _text(book: Json) -> Html:
    lines = book["text"].splitlines()
    rows = [row(el("td", n, cls="num fig"), el("td", el("code", line))) for n, line in enumerate(lines, 1)]
    return section("原文", table(["#行", "文本"], rows, cls="source-lines"), note=f"{book['file']}，第 {book['revision']} 稿")
