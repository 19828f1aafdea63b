"""Charts as ECharts options: pairs of bars, bars to both sides, lines with a band. Figures on them are written out here.

Pure. Amounts are fen; lengths of bars are exact, what stands beside them is in the unit that the page names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.entrypoints.console.frame import BLUE

Figure = Callable[[int], str]

A_COLOUR: Final = "#9aa5b3"
B_COLOUR: Final = BLUE
LESS, MORE = "#1b7340", "#b45309"
_INK: Final = "#1b2430"
_LABEL: Final = {"show": True, "color": _INK, "fontSize": 13}
_PAIR: Final = 46
_SINGLE: Final = 32
_LEGEND: Final = 34
_WAN: Final = 10_000
"""Fen in a hundredth of 万元."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw and how high."""

    options: dict[str, Any]
    height: int


def wan(amount_fen: int) -> str:
    """An amount in 万元 with two places, half up, thousands and a minus sign."""
    hundredths = (2 * abs(amount_fen) + _WAN) // (2 * _WAN)
    sign = "−" if amount_fen < 0 and hundredths else ""
    return f"{sign}{hundredths // 100:,}.{hundredths % 100:02d}"


def count(number: int) -> str:
    """A number of people."""
    return f"{number:,}"


def pairs(title: str, rows: Sequence[tuple[str, int, int]], names: tuple[str, str], figure: Figure) -> Chart:
    """For each name a bar of each book, one below the other."""
    series = [
        {
            "name": name,
            "type": "bar",
            "barWidth": 15,
            "barGap": "15%",
            "itemStyle": {"color": colour},
            "label": {**_LABEL, "position": "right"},
            "data": [{"value": amount, "label": {"formatter": figure(amount)}} for amount in amounts],
        }
        for name, colour, amounts in (
            (names[0], A_COLOUR, [a for _, a, _ in rows]),
            (names[1], B_COLOUR, [b for _, _, b in rows]),
        )
    ]
    said = "；".join(f"{name}：{names[0]} {figure(a)}，{names[1]} {figure(b)}" for name, a, b in rows)
    return Chart(_bars(title, [row[0] for row in rows], series, said), len(rows) * _PAIR + _LEGEND)


def sides(title: str, rows: Sequence[tuple[str, int, int]], names: tuple[str, str], figure: Figure) -> Chart:
    """For each name a bar to the left and one to the right of the same line."""
    series = [
        {
            "name": name,
            "type": "bar",
            "stack": "sides",
            "barWidth": 17,
            "itemStyle": {"color": colour},
            "label": {**_LABEL, "position": place},
            "data": [{"value": sign * number, "label": {"formatter": figure(number)}} for number in numbers],
        }
        for name, colour, sign, place, numbers in (
            (names[0], LESS, -1, "left", [a for _, a, _ in rows]),
            (names[1], MORE, 1, "right", [b for _, _, b in rows]),
        )
    ]
    said = "；".join(f"{name}：{names[0]} {figure(a)}，{names[1]} {figure(b)}" for name, a, b in rows)
    most = max((max(a, b) for _, a, b in rows), default=0) or 1
    options = _bars(title, [row[0] for row in rows], series, said)
    # Room for the figures at both ends.
    options["xAxis"] |= {"min": -most * 5 // 4 - 1, "max": most * 5 // 4 + 1}
    options["yAxis"]["axisLine"] = {"show": False, "onZero": False}
    options["grid"]["right"] = 24
    return Chart(options, len(rows) * _SINGLE + _LEGEND)


def _bars(title: str, names: Sequence[str], series: Sequence[Mapping[str, Any]], said: str) -> dict[str, Any]:
    return {
        "animation": False,
        "aria": _aria(f"{title}。{said}"),
        "legend": _legend(),
        "grid": {"left": 8, "right": 120, "top": _LEGEND - 6, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": list(names),
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"color": _INK, "fontSize": 13, "width": 170, "overflow": "break"},
        },
        "series": list(series),
    }


@dataclass(frozen=True, slots=True)
class Line:
    """One book's amounts by month, fen, and between which bounds they lie nine times of ten."""

    name: str
    amounts: Sequence[int]
    low: Sequence[int]
    high: Sequence[int]


def band(title: str, months: Sequence[str], first: Line, second: Line) -> Chart:
    """Two lines by month with their bands, and the last figure of each. Amounts are drawn in whole 万元."""
    series: list[dict[str, Any]] = []
    for line, colour, dash, place in ((first, "#6b7685", "dashed", "top"), (second, B_COLOUR, "solid", "bottom")):
        low, high, middle = ([round_wan(v) for v in values] for values in (line.low, line.high, line.amounts))
        hidden = {"type": "line", "silent": True, "symbol": "none", "lineStyle": {"opacity": 0}, "stackStrategy": "all"}
        series.append({**hidden, "name": f"{line.name}下限", "stack": line.name, "data": low})
        shade = {"areaStyle": {"color": colour, "opacity": 0.14}}
        widths = [top - bottom for top, bottom in zip(high, low, strict=True)]
        series.append({**hidden, **shade, "name": f"{line.name}范围", "stack": line.name, "data": widths})
        last = {
            "value": middle[-1],
            "symbolSize": 6,
            "label": {**_LABEL, "position": place, "formatter": wan(line.amounts[-1])},
        }
        series.append(
            {
                "name": line.name,
                "type": "line",
                "symbol": "circle",
                "symbolSize": 1,
                "itemStyle": {"color": colour},
                "lineStyle": {"color": colour, "type": dash, "width": 2},
                "data": [*middle[:-1], last],
            }
        )
    said = "；".join(
        f"{line.name}：{months[-1]} 末 {wan(line.amounts[-1])} 万元，九成情形在 {wan(line.low[-1])} 至 {wan(line.high[-1])} 之间"
        for line in (first, second)
    )
    options = {
        "animation": False,
        "aria": _aria(f"{title}。{said}"),
        "legend": {**_legend(), "data": [first.name, second.name]},
        "grid": {"left": 8, "right": 96, "top": _LEGEND, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "category", "data": list(months), "axisLabel": {"color": _INK}, "boundaryGap": False},
        "yAxis": {"type": "value", "axisLabel": {"color": _INK}, "splitLine": {"lineStyle": {"color": "#eceff3"}}},
        "series": series,
    }
    return Chart(options, 260)


_BOOK_COLOURS: Final = ("#1f4e8c", "#7fa3cf", "#b45309", "#5a6675", "#1b7340", "#9aa5b3", "#d9a441", "#6b4f9a")


def stacked(title: str, months: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """Amounts by month, one colour a book, the sum of a month above its column. Columns are exact, figures are 万元."""
    sums = [sum(amounts[n] for _, amounts in rows) for n in range(len(months))]
    series: list[dict[str, Any]] = [
        {
            "name": name,
            "type": "bar",
            "stack": "books",
            "barWidth": "52%",
            "itemStyle": {"color": _BOOK_COLOURS[n % len(_BOOK_COLOURS)]},
            "data": list(amounts),
        }
        for n, (name, amounts) in enumerate(rows)
    ]
    above = [{"value": max(total, 0), "label": {"formatter": wan(total)} if total else {"show": False}} for total in sums]
    hidden = {"type": "line", "silent": True, "symbol": "circle", "symbolSize": 1, "lineStyle": {"opacity": 0}}
    series.append(
        {**hidden, "name": "合计", "itemStyle": {"color": "transparent"}, "label": {**_LABEL, "position": "top"}, "data": above}
    )
    said = "；".join(f"{month}：{wan(total)} 万元" for month, total in zip(months, sums, strict=True) if total)
    options = _columns(title, months, series, said)
    options["legend"] = {**_legend(), "data": [name for name, _ in rows]}
    options["yAxis"] = {"type": "value", "show": False}
    return Chart(options, 250)


def columns(title: str, names: Sequence[str], counts: Sequence[int], *, good: int, unit: str) -> Chart:
    """A distribution; columns up to the name ``good`` are within the promise, the others in another colour."""
    data = [
        {
            "value": number,
            "itemStyle": {"color": B_COLOUR if n <= good else MORE},
            "label": {"formatter": count(number)} if number else {"show": False},
        }
        for n, number in enumerate(counts)
    ]
    series = [{"name": title, "type": "bar", "barWidth": "60%", "label": {**_LABEL, "position": "top"}, "data": data}]
    said = "；".join(f"{name}：{number} {unit}" for name, number in zip(names, counts, strict=True) if number)
    options = _columns(title, names, series, said)
    options["yAxis"] = {"type": "value", "show": False}
    return Chart(options, 200)


def _columns(title: str, names: Sequence[str], series: Sequence[Mapping[str, Any]], said: str) -> dict[str, Any]:
    return {
        "animation": False,
        "aria": _aria(f"{title}。{said}"),
        "grid": {"left": 8, "right": 8, "top": _LEGEND, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": list(names),
            "axisTick": {"show": False},
            "axisLabel": {"color": _INK, "fontSize": 13, "interval": 0},
        },
        "series": list(series),
    }


def round_wan(amount_fen: int) -> int:
    """Whole 万元, half away from zero."""
    whole = (2 * abs(amount_fen) + 100 * _WAN) // (200 * _WAN)
    return -whole if amount_fen < 0 else whole


def _aria(text: str) -> dict[str, Any]:
    return {"enabled": True, "label": {"description": text}}


def _legend() -> dict[str, Any]:
    return {
        "top": 0,
        "left": 0,
        "itemWidth": 14,
        "itemHeight": 10,
        "selectedMode": False,
        "textStyle": {"color": _INK, "fontSize": 13},
    }
