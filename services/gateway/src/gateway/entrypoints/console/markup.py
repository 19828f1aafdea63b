"""HTML as values: every text is escaped on the way in, so that what people typed can never become markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "input", "hr"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def el(tag: str, *children: object, cls: str = "", **attributes: str | int | bool | None) -> Html:
    """An element. ``href_`` and the like lose the underscore, others become dashes; None and False leave an attribute out."""
    parts = [f' class="{escape(cls)}"'] if cls else []
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = name.rstrip("_").replace("_", "-")
        parts.append(f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"')
    opened = f"<{tag}{''.join(parts)}>"
    return Html(opened) if tag in _VOID else Html(f"{opened}{join(*children)}</{tag}>")


def join(*children: object) -> Html:
    """Pieces one after the other; lists are taken apart, None is nothing, plain text is escaped."""
    parts: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            parts.append(child)
        elif isinstance(child, str | int):
            parts.append(escape(str(child)))
        elif isinstance(child, Iterable):
            parts.append(join(*child))
        else:
            raise TypeError(f"{type(child).__name__} is no content")
    return Html("".join(parts))


def table(heads: Sequence[object], rows: Iterable[object], *, foot: object = None, cls: str = "") -> Html:
    """A table; a head that begins with ``#`` stands over right-aligned figures. Rows come from ``row``."""
    return el(
        "table",
        el("thead", head_row(heads)),
        el("tbody", rows),
        el("tfoot", foot) if foot is not None else None,
        cls=cls,
    )


def head_row(heads: Sequence[object]) -> Html:
    """The heads of a table; one that begins with ``#`` stands over right-aligned figures."""
    cells = [
        el("th", head[1:], cls="num", scope="col")
        if isinstance(head, str) and head.startswith("#")
        else el("th", head, scope="col")
        for head in heads
    ]
    return el("tr", cells)


def row(*cells: object, cls: str = "", **attributes: str | int | bool | None) -> Html:
    """A table row; cells that are no ``td`` yet become one."""
    made = [cell if isinstance(cell, Html) and cell.startswith("<td") else el("td", cell) for cell in cells]
    return el("tr", made, cls=cls, **attributes)
