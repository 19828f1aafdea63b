"""受理: start a matter for a person, with the papers ticked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import Fields, field, send_button
from gateway.entrypoints.console.frame import Desk, block, empty
from gateway.entrypoints.console.markup import Html, el, join
from gateway.entrypoints.console.words import limit

Json = Mapping[str, Any]

_PERSON: Final[tuple[Json, ...]] = (
    field("certno", "身份证号", "text"),
    field("name", "姓名", "text"),
    field("region", "户籍或居住地区划", "text"),
    field("phone", "手机号", "text", required=False),
)
_EMPLOYER: Final = "employer_id"


async def show_choice(desk: Desk) -> None:
    """Which matter."""
    catalogue = await desk.api.get("/v1/matter-catalogue")
    person_id = desk.query.get("person")
    cards = [
        el(
            "a",
            el("b", rule["name"]),
            el("p", "、".join(task["name"] for task in rule["tasks"])),
            el("p", "要交：", "、".join(paper["name"] for paper in rule["materials"] if not paper["shared_from"]), cls="soft"),
            href=f"/accept/{rule['code']}" + (f"?person={person_id}" if person_id else ""),
            cls="choice-card",
            data_row=True,
        )
        for rule in catalogue["items"]
    ]
    block(
        el(
            "div",
            el("h1", "受理什么事项"),
            el("div", cards, cls="cards") if cards else empty("现在没有可以受理的事项。"),
            cls="narrow",
        )
    )


async def show(desk: Desk) -> None:
    """The form of one matter."""
    catalogue = await desk.api.get("/v1/matter-catalogue")
    rule = next((r for r in catalogue["items"] if r["code"] == desk.path["code"]), None)
    if rule is None:
        block(empty("没有这个事项。", el("a", "选择事项", href="/accept", cls="button primary")))
        return
    person_id = desk.query.get("person")
    person = await desk.api.get(f"/v1/persons/{person_id}") if person_id else None
    ui.page_title(f"受理{rule['name']} · 一窗")
    with ui.element("div").classes("narrow accept"):
        block(el("div", el("h1", f"受理：{rule['name']}"), el("small", rule["source"], cls="soft"), cls="title-line"))
        block(el("h2", "申请人"))
        applicant: Fields | None = None
        if person is not None:
            block(
                el(
                    "p",
                    el("b", person["name"]),
                    " ",
                    el("span", person["certno"], cls="fig"),
                    el("a", "换人", href="/", cls="button"),
                    cls="facts",
                )
            )
        else:
            block(el("p", "已登记过的人，先在上方查找，再从其档案受理；未登记的在这里登记。", cls="soft"))
            with ui.element("div").classes("fields"):
                applicant = Fields(_PERSON)
        block(el("h2", "申请内容"))
        rules = _rules(rule["form"], person)
        with ui.element("div").classes("fields"):
            form = Fields(rules, _defaults(desk, rules, person))
        block(el("h2", "材料", el("small", "窗口收到的打勾；共享调取的不用交")))
        boxes, promise = _papers(rule["materials"])

        async def send(key: str) -> None:
            body: dict[str, Any] = {
                "matter_code": rule["code"],
                "form": form.read(),
                "materials": [{"code": code} for code, box in boxes.items() if box.value],
                "defer": bool(promise and promise.value),
            }
            if person is not None:
                body["person_id"] = person["person_id"]
            elif applicant is not None:
                body["person"] = {"cert_type": "01", **applicant.read()}
            matter = await desk.api.command("/v1/matters", body, key)
            ui.navigate.to(f"/matters/{matter['matter_id']}")

        send_button(desk, "受理", send, primary=True, faults=form)
        block(_promises(rule["tasks"]))


def _rules(form: Sequence[Json], person: Json | None) -> list[Json]:
    """The fields of the form; the employer is chosen by name among those that the person is known to work for."""
    employers = {c["employer_id"]: c["employer_name"] for c in (person or {}).get("coverages", []) if c["employer_id"]}
    rules: list[Json] = []
    for rule in form:
        if rule["name"] != _EMPLOYER:
            rules.append(rule)
        elif employers:
            rules.append({**rule, "kind": "choice", "choices": employers})
    return rules


def _defaults(desk: Desk, rules: Sequence[Json], person: Json | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for rule in rules:
        name = rule["name"]
        if name == "year":
            values[name] = desk.today.year
        elif name == "region" and person is not None:
            values[name] = person["region"]
        elif name == "begins_on":
            values[name] = desk.today.isoformat()
        elif name == _EMPLOYER and len(rule["choices"]) == 1:
            values[name] = next(iter(rule["choices"]))
    return values


def _papers(materials: Sequence[Json]) -> tuple[dict[str, Any], Any]:
    boxes: dict[str, Any] = {}
    with ui.element("div").classes("papers"):
        for paper in sorted(materials, key=lambda p: bool(p["shared_from"])):
            if paper["shared_from"]:
                block(el("p", "✓ ", paper["name"], el("small", f"从{paper['shared_from']}共享调取，不用交"), cls="shared"))
                continue
            notes = [
                f"{paper['deferrable_days']} 个工作日内可补交" if paper["deferrable_days"] else "",
                "以前交过的沿用" if paper["reusable_days"] else "",
            ]
            text = "；".join(note for note in notes if note)
            boxes[paper["code"]] = ui.checkbox(paper["name"] + (f"（{text}）" if text else ""))
    may_follow = [paper["name"] for paper in materials if paper["deferrable_days"]]
    promise = ui.checkbox(f"申请人书面承诺补交：{'、'.join(may_follow)}") if may_follow else None
    return boxes, promise


def _promises(tasks: Sequence[Json]) -> Html:
    return el(
        "p",
        "受理后各环节承诺：",
        join([f"{'；' if i else ''}{task['name']} {limit(task['promised'])}" for i, task in enumerate(tasks)]),
        "。",
        cls="soft",
    )
