"""规则集: every rule book by place and scheme with where it stands; another one is submitted as a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import Fields, Wrong, field, send_button
from gateway.entrypoints.console.frame import Desk, block, empty, more, no_permission, tabs
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.rules import STATES, TONES, next_step
from gateway.entrypoints.console.words import SCHEMES, badge, day, word
from shared.errors import Refusal

Json = Mapping[str, Any]

_LIST: Final = 100
_PASTED: Final = "粘贴的文本"
"""What a text without a file is called in messages."""
_AROUND: Final = 2
_NOTE: Final = (field("note", "说明", "text", required=False),)
_TYPES: Final = ".yaml,.yml,.json"


async def show_list(desk: Desk) -> None:
    """Books by place and scheme, newest first within each."""
    state = desk.query.get("state") or None
    state = state if state in STATES else None
    found = await desk.api.get("/v1/rule-books", state=state, limit=_LIST, after=desk.query.get("after"))
    hands = hands_of(await desk.api.look("/v1/auth"))
    books = sorted(found["items"], key=lambda b: (b["region"], b["scheme"]))
    block(
        el(
            "div",
            el("h1", "规则集"),
            el("small", "各统筹区各险种的待遇规则，生效后结算即按其计算", cls="soft"),
            el("a", "看政策测算", href="/simulations", cls="button"),
            _submit_link(desk),
            cls="title-line",
        ),
        tabs("/rule-books?state=", {"": "全部", **STATES}, state or ""),
        _books(books, desk, hands)
        if books
        else empty("没有这种状态的规则集。", el("a", "看全部", href="/rule-books", cls="button")),
        more(found, {"state": state}),
    )


def _submit_link(desk: Desk) -> Html | None:
    if not desk.can("rules:write"):
        return None
    return el("a", "提交规则集", href="/rule-books/new", cls="button primary", data_enter=True)


def _books(books: list[Json], desk: Desk, hands: Mapping[str, str]) -> Html:
    places = list(dict.fromkeys(book["place"] for book in books))
    filters = [("", "全部", len(books))]
    filters += [(f"s{s}", word(SCHEMES, s), sum(b["scheme"] == s for b in books)) for s in ("310", "390")]
    if len(places) > 1:
        filters += [(f"p{i}", place, sum(b["place"] == place for b in books)) for i, place in enumerate(places)]
    buttons = [
        el("button", f"{name} {count}", type="button", data_show=code, aria_pressed="true" if not code else "false")
        for code, name, count in filters
        if count
    ]
    rows = []
    for book in books:
        step = next_step(book)
        mine = step.waits_for(desk.me["user_id"], desk.can)
        said = step.in_words(mine=mine)
        rows.append(
            row(
                el("td", book["place"], cls="nowrap"),
                el("td", word(SCHEMES, book["scheme"]), cls="nowrap"),
                el("td", el("a", book["title"], href=f"/rule-books/{book['book_id']}")),
                el("td", [el("div", version_line(v)) for v in book["versions"]], cls="fig nowrap"),
                badge(("✓ " if book["state"] == "effective" else "") + book["state_name"], TONES.get(book["state"], "due")),
                el("td", el("b", said) if mine else said),
                el(
                    "td",
                    el("div", day(book["submitted_at"]), cls="fig nowrap"),
                    el("small", name_of(book["submitted_by"], hands)),
                ),
                data_row=True,
                tabindex=0,
                data_is=f"s{book['scheme']} p{places.index(book['place'])}",
            )
        )
    heads = ["地区", "险种", "规则集", "版本与有效期", "状态", "下一步", "提交"]
    return el("div", el("div", buttons, cls="filter"), table(heads, rows, cls="rows books-list"), data_filter=True)


def version_line(version: Json) -> str:
    """A version with its days in force."""
    until = f"至 {day(version['effective_to'])}" if version["effective_to"] else "起"
    return f"{version['version']}：{day(version['effective_from'])} {until}"


def name_of(user_id: str | None, hands: Mapping[str, str]) -> str:
    """Who did something; books that came as files have nobody."""
    return "文件导入" if user_id == "file" else hands.get(user_id or "", user_id or "—")


async def show_submit(desk: Desk) -> None:
    """A new book, or (with its id in the address) another text of one that is not approved yet."""
    if not desk.can("rules:write"):
        block(no_permission())
        return
    book_id = desk.path.get("book_id")
    book = await desk.api.get(f"/v1/rule-books/{book_id}") if book_id else None
    back = f"/rule-books/{book_id}" if book_id else "/rule-books"
    title = "更换文本" if book else "提交规则集"
    ui.page_title(f"{title} · 一窗")
    name = book["file"] if book else _PASTED
    named = [str(name)]
    block(
        el(
            "div",
            el("h1", title),
            el("small", book["title"] if book else "文本提交后为草稿，经检查、试算、两人批准才能生效", cls="soft"),
            cls="title-line",
        )
    )
    with ui.element("div").classes("submit-book"):
        with ui.element("div").classes("read-in"):
            upload = (
                ui.upload(auto_upload=True, max_files=1, max_file_size=4_000_000).props(f"accept={_TYPES}").classes("hidden")
            )
            pick = ui.button("从文件读入").props("no-caps flat").classes("plain")
            pick.on("click", js_handler=f"() => getElement({upload.id}).pickFiles()")
            called = block(_called(named[0]))
        text = ui.textarea("规则集文本", value=book["text"] if book else "").props("outlined autofocus").classes("rule-text")
        note = Fields(_NOTE)
        wrong = block()

        async def read(event: Any) -> None:
            named[0] = event.file.name
            try:
                text.set_value(await event.file.text())
            except UnicodeDecodeError:
                wrong.set_content(
                    el("p", "文件不是 UTF-8 编码，读不出来。请另存为 UTF-8 后再读入。", cls="fault", role="alert")
                )
                return
            called.set_content(_called(named[0]))
            wrong.set_content("")
            upload.reset()

        upload.on_upload(read)

        async def send(key: str) -> None:
            typed = str(text.value or "")
            if not typed.strip():
                text.error = "请粘贴文本，或从文件读入"
                raise Wrong
            text.error = None
            wrong.set_content("")
            body = {"text": typed, "file": named[0], **note.read()}
            try:
                method, path = ("PUT", f"/v1/rule-books/{book_id}") if book_id else ("POST", "/v1/rule-books")
                stored = await desk.api.command(path, body, key, method=method)
            except Refusal as refusal:
                wrong.set_content(wrong_lines(refusal, typed))
                raise
            ui.navigate.to(f"/rule-books/{stored['book_id']}")

        with ui.element("div").classes("ask-buttons"):
            send_button(desk, "提交", send, primary=True)
            block(el("a", "不提交了", href=back, cls="button"))


def _called(name: str) -> Html:
    return el("span", name, cls="soft")


def wrong_lines(refusal: Refusal, text: str) -> Html:
    """The lines of the text that a refusal points at (``file:line``), with their neighbours."""
    lines = text.splitlines()
    parts = []
    for error in refusal.facts.get("errors", []):
        place, _, number = str(error.get("field", "")).rpartition(":")
        if not place or not number.isdecimal() or not 1 <= int(number) <= len(lines):
            continue
        at = int(number)
        around = range(max(1, at - _AROUND), min(len(lines), at + _AROUND) + 1)
        rows = [
            row(el("td", n, cls="num fig"), el("td", el("code", lines[n - 1])), cls="wrong" if n == at else "") for n in around
        ]
        parts.append(el("div", el("h3", f"{place} 第 {at} 行"), table(["#行", "文本"], rows, cls="source-lines")))
    return el("div", parts)
