"""Journals as people in an accounts office read them: one voucher a block, debit left, credit right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.words import BOOKS, JOURNAL_KINDS, PARTIES, badge, day, num, word
from shared.errors import Refusal

Json = Mapping[str, Any]


def hands_of(provider: Any) -> dict[str, str]:
    """Names of the people who sign journals, by user name, as far as the identity provider tells them."""
    return {} if isinstance(provider, Refusal) else {user["username"]: user["name"] for user in provider["users"]}


INSTITUTIONS: Final = "/v1/institutions?limit=200"


def places_of(found: Any) -> dict[str, str]:
    """Names of institutions by their code, out of what ``INSTITUTIONS`` answers; none when they could not be read."""
    return {} if isinstance(found, Refusal) else {place["code"]: place["name"] for place in found["items"]}


def journal_list(
    journals: Sequence[Json],
    *,
    names: Mapping[str, str] | None = None,
    hands: Mapping[str, str] | None = None,
    mark: str | None = None,
    links: bool = True,
) -> Html:
    """Journals one below the other. ``names``: what to call a dimension; ``hands``: who signed; ``mark``: an account to stand out.

    ``links``: to what a journal is about, unless the page is about that already.
    """
    if not journals:
        return el("p", "没有记账凭证。", cls="soft")
    return el("div", [_journal(journal, names or {}, hands or {}, mark, links) for journal in journals], cls="journals")


def _journal(journal: Json, names: Mapping[str, str], hands: Mapping[str, str], mark: str | None, links: bool) -> Html:
    rows = [
        row(
            el("td", line["account"], cls="fig"),
            el("td", line["name"], _dim(line["dim"], names)),
            num(line["debit_fen"]) if line["debit_fen"] else el("td", cls="num"),
            num(line["credit_fen"]) if line["credit_fen"] else el("td", cls="num"),
            cls="marked" if line["account"] == mark else "",
        )
        for line in journal["lines"]
    ]
    total = sum(line["debit_fen"] for line in journal["lines"])
    red = journal["reverses"] is not None
    return el(
        "div",
        el(
            "p",
            el("b", day(journal["booked_on"]), cls="fig"),
            badge(word(JOURNAL_KINDS, journal["kind"]), "late" if red else ""),
            el("span", journal["memo"]),
            el("span", f"凭证 {journal['voucher_no']}", cls="fig") if journal["voucher_no"] else None,
            el("span", word(BOOKS, journal["book"]), cls="soft"),
            _link(journal) if links else None,
            cls="journal-head",
        ),
        table(
            ["科目", "名称", "#借方", "#贷方"],
            rows,
            foot=row("", "合计", num(total), num(sum(line["credit_fen"] for line in journal["lines"]))),
        ),
        el("p", f"制单 {_hand(journal['maker'], hands)}　复核 {_hand(journal['checker'], hands)}", cls="soft"),
        cls="journal",
    )


def _hand(who: str | None, hands: Mapping[str, str]) -> str:
    return "—" if who is None else "系统" if who == "system" else hands.get(who, who)


def _link(journal: Json) -> Html | None:
    if journal.get("conversion_id"):
        return el("a", "转换单", href=f"/conversions/{journal['conversion_id']}", cls="screen")
    if journal.get("settlement_id"):
        return el("a", "结算单", href=f"/settlements/{journal['settlement_id']}", cls="screen")
    return None


def dim_name(dim: str, names: Mapping[str, str]) -> str:
    """A dimension in words: another fund, an institution by its name, a person without one."""
    if dim in BOOKS:
        return BOOKS[dim]
    kind, _, key = dim.partition(":")
    if kind == "H":
        return names.get(key, f"机构 {key}")
    return PARTIES.get(kind, dim)


def _dim(dim: str, names: Mapping[str, str]) -> Html | None:
    return el("small", f"　{dim_name(dim, names)}") if dim else None
