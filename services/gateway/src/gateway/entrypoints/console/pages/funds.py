"""基金: the trial balance of each book over the month; every account opens its journals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.figures import AccountLine, month_balance
from gateway.entrypoints.console.forms import act_button, day_of, field
from gateway.entrypoints.console.frame import Desk, block, empty, missing, more, section, tabs
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.journals import INSTITUTIONS, dim_name, hands_of, journal_list, places_of
from gateway.entrypoints.console.words import badge, money, num
from shared.errors import Refusal

_PAGE: Final = 20
_SCAN: Final = 200
_SCANS: Final = 10
"""Journals are read by the book and looked through for the account, this many pages at most for one view."""
_SHOWN_DIMS: Final = 50
_SHOWN_MONTHS: Final = 12


async def show(desk: Desk) -> None:
    """One book and the way to the others."""
    books = (await desk.api.get("/v1/ledger/books"))["items"]
    chosen = desk.path.get("book") or books[0]["book"]
    name = next((book["name"] for book in books if book["book"] == chosen), chosen)
    try:
        on = day_of(desk.query.get("on") or desk.today.isoformat())
    except ValueError:
        on = desk.today
    opening = on.replace(day=1) - timedelta(days=1)
    now = await desk.api.get("/v1/ledger/trial-balance", book=chosen, on=on.isoformat())
    before = await desk.api.get("/v1/ledger/trial-balance", book=chosen, on=opening.isoformat())
    closed = await desk.api.look("/v1/ledger/periods", book=chosen)
    names = places_of(await desk.api.look(INSTITUTIONS)) if any(str(r["dim"]).startswith("H:") for r in now["rows"]) else {}
    lines = month_balance(now["rows"], before["rows"])
    ui.page_title(f"{name} · 一窗")
    block(
        el("div", el("h1", "基金"), el("button", "打印科目余额表", type="button", data_print=True), cls="title-line"),
        tabs("/funds/", {book["book"]: book["name"] for book in books}, chosen, "账套"),
        el(
            "form",
            el("label", "截至 ", el("input", name="on", value=on.isoformat(), required=True, maxlength=10, size=10)),
            el("button", "查看", type="submit"),
            badge("✓ 借贷平衡", "done") if now["balanced"] else badge("✗ 借贷不平，请立即联系管理员", "late"),
            method="get",
            cls="inline",
        ),
        _closed(closed),
    )
    if desk.can("ledger:propose"):
        with ui.element("div").classes("acts screen"):
            act_button(
                desk,
                "提请结账",
                "结账后这个月不能再记账；由另一人复核。",
                "/v1/ledger/periods",
                [field("month", "月份（年-月）", "text")],
                {"month": f"{opening:%Y-%m}"},
                read=lambda body: {**body, "book": chosen},
            )
    block(
        section(
            f"{name}　科目余额表",
            _balance(lines, chosen, now["rows"], names) if lines else empty("此账套到这一天还没有发生业务。"),
            note=f"{on.year} 年 {on.month} 月，元；点科目看凭证",
        ),
    )


def _closed(found: Any) -> Html:
    if isinstance(found, Refusal):
        return missing(found)
    months = "、".join(period["month"] for period in found["items"][:_SHOWN_MONTHS])
    return el("p", f"已结账：{months}" if months else "还没有结账的月份。", cls="soft")


async def show_journals(desk: Desk) -> None:
    """The journals of a book, of one account when one was chosen."""
    book, account = desk.path["book"], desk.query.get("account")
    items, following = await _journals(desk, book, account, desk.query.get("after"))
    names = places_of(await desk.api.look(INSTITUTIONS)) if items else {}
    books = {b["book"]: b["name"] for b in (await desk.api.get("/v1/ledger/books"))["items"]}
    hands = hands_of(await desk.api.look("/v1/auth"))
    label = next((line["name"] for journal in items for line in journal["lines"] if line["account"] == account), "")
    block(
        el(
            "div",
            el("h1", books.get(book, book)),
            el("span", f"科目 {account} {label}") if account else None,
            el("a", "回科目余额表", href=f"/funds/{book}", cls="button"),
            el("button", "打印凭证", type="button", data_print=True),
            cls="title-line",
        ),
        section("记账凭证", journal_list(items, names=names, hands=hands, mark=account), note="先发生的在前，元"),
        more({"next": following}, {"account": account}, "后面的凭证"),
    )


def _balance(lines: list[AccountLine], book: str, rows: list[Any], names: dict[str, str]) -> Html:
    made = [_account(line, book, [r for r in rows if r["account"] == line.account and r["dim"]], names) for line in lines]
    foot = row(
        "",
        "合计",
        *_sided(sum(line.opening_fen for line in lines)),
        num(sum(line.debit_fen for line in lines)),
        num(sum(line.credit_fen for line in lines)),
        *_sided(sum(line.closing_fen for line in lines)),
    )
    heads = ["科目", "名称", "方向", "#期初余额", "#本月借方", "#本月贷方", "方向", "#期末余额"]
    return table(heads, made, foot=foot, cls="rows balance-sheet")


def _sided(balance_fen: int, address: str | None = None) -> tuple[Html, Html]:
    """A balance as accountants write it: its side and the amount without a sign."""
    side = "借" if balance_fen > 0 else "贷" if balance_fen < 0 else "平"
    amount = money(abs(balance_fen))
    return el("td", side, cls="side"), el("td", el("a", amount, href=address) if address else amount, cls="num")


def _account(line: AccountLine, book: str, parts: list[Any], names: dict[str, str]) -> Html:
    address = f"/funds/{book}/journals?account={line.account}"
    parts = sorted((p for p in parts if p["balance_fen"]), key=lambda p: -abs(p["balance_fen"]))
    inside = (
        el(
            "details",
            el("summary", f"{len(parts)} 个往来户"),
            el(
                "ul",
                [
                    el(
                        "li",
                        el("span", dim_name(p["dim"], names)),
                        el("span", "借 " if p["balance_fen"] > 0 else "贷 ", money(abs(p["balance_fen"]))),
                    )
                    for p in parts[:_SHOWN_DIMS]
                ],
            ),
            el("small", f"只列余额最大的 {_SHOWN_DIMS} 户") if len(parts) > _SHOWN_DIMS else None,
        )
        if parts
        else None
    )
    return row(
        el("td", el("a", line.account, href=address), cls="fig"),
        el("td", line.name, inside),
        *_sided(line.opening_fen, address),
        el("td", el("a", money(line.debit_fen), href=address), cls="num"),
        el("td", el("a", money(line.credit_fen), href=address), cls="num"),
        *_sided(line.closing_fen, address),
        data_row=True,
        tabindex=0,
    )


async def _journals(desk: Desk, book: str, account: str | None, after: str | None) -> tuple[list[Any], str | None]:
    """A page of journals and where the next one begins."""
    if account is None:
        answer = await desk.api.get("/v1/ledger/journals", book=book, limit=_PAGE, after=after)
        return answer["items"], answer["next"]
    found: list[Any] = []
    for _ in range(_SCANS):
        answer = await desk.api.get("/v1/ledger/journals", book=book, limit=_SCAN, after=after)
        found += [j for j in answer["items"] if any(line["account"] == account for line in j["lines"])]
        after = answer["next"]
        if after is None or len(found) >= _PAGE:
            break
    return found, after
