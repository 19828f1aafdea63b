"""The commands generate-facts and simulate, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from claims.entrypoints.cli_simulation import simulation_app
from tests.unit.claims.simulation.county import BOOKS, POOLS, county, reform


def run(*arguments: str | int | Path) -> Result:
    return CliRunner().invoke(simulation_app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("command")
    (folder / "pools.yaml").write_text(POOLS, "utf-8")
    assert run("generate-facts", "--persons", 300, "--visits", 1_200, "--seed", 9, "--out", folder / "facts").exit_code == 0
    done = run(
        *("simulate", "--facts", folder / "facts", "--book", BOOKS, "--book", reform(folder / "b"), "--out", folder / "out"),
        *("--income", "28753", "--pools", folder / "pools.yaml", "--progress", "json", "--block", 400),
    )
    assert (done.exit_code, done.stderr) == (0, "")
    return folder / "out", done


def test_progress_is_told_step_by_step(result: tuple[Path, Result]) -> None:
    steps = [json.loads(line) for line in result[1].stdout.splitlines()]
    total = json.loads((result[0] / "result.json").read_text("utf-8"))["totals"]["claims"]
    assert len(steps) == -(-total // 400) + 1 or len(steps) == -(-total // 400) + 2
    assert steps[0] == {"done": 0, "total": total}
    assert steps[-1] == {"done": total, "total": total}
    assert [step["done"] for step in steps] == sorted({step["done"] for step in steps})


def test_the_spreadsheet_says_in_yuan_what_the_document_says_in_fen(result: tuple[Path, Result]) -> None:
    document: dict[str, Any] = json.loads((result[0] / "result.json").read_text("utf-8"))
    book = CalamineWorkbook.from_path(str(result[0] / "simulation.xlsx"))
    assert book.sheet_names == [
        *(
            "总览",
            "基金与层次",
            "医疗机构等级",
            "就医方式",
            "乡镇街道",
            "身份类别",
            "险种",
            "负担十分位",
            "因病致贫预警线",
            "分月支出",
        ),
        *("基金可支撑情况", "减负最多", "增负最多", "规则未覆盖"),
    ]
    totals = document["totals"]
    overview = {row[0]: row[1:4] for row in book.get_sheet_by_name("总览").to_python()[2:]}
    for label, name in (("基金支付（元）", "funds"), ("个人负担（元）", "person"), ("个人账户支付（元）", "account")):
        a, b = totals[f"{name}_a_fen"], totals[f"{name}_b_fen"]
        assert overview[label] == [a / 100, b / 100, (b - a) / 100]
    towns = book.get_sheet_by_name("乡镇街道").to_python()
    assert towns[0][0] == "乡镇街道"
    assert towns[1][:3] == ["乡镇街道", "结算人次", "医疗费总额（元）"]
    assert [row[:3] for row in towns[2:]] == [[row["town"], row["claims"], row["total_fen"] / 100] for row in document["towns"]]
    lines = book.get_sheet_by_name("因病致贫预警线").to_python()
    assert [row[:2] for row in lines[2:]] == [[10, 2875.3], [25, 7188.25]]
    layers = book.get_sheet_by_name("基金与层次").to_python()
    assert layers[2][:2] == ["居民大病保险资金", "catastrophic"]
    assert len(layers) == 2 + sum(len(fund["layers"]) for fund in document["funds"])


def test_tables_are_left_as_parquet(result: tuple[Path, Result]) -> None:
    document = json.loads((result[0] / "result.json").read_text("utf-8"))
    for name in ("levels", "towns", "classes", "care", "schemes", "months", "deciles", "lines", "solvency", "fund_months"):
        assert pq.read_table(result[0] / "tables" / f"{name}.parquet").to_pylist() == document[name]
    assert document["format"] == "onewindow-simulation/1"
    assert list(document) == [
        *("format", "books", "totals", "funds", "levels", "care", "classes", "towns", "schemes", "months", "fund_months"),
        *("deciles", "lines", "solvency", "largest", "refused"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--book", "{books}"], "--book is given twice"),
        (["--book", "{books}", "--book", "{nothing}"], "no file *.book.yaml here"),
        (["--book", "{books}", "--book", "{books}", "--engine", "ray"], "no engine 'ray'"),
        (["--book", "{books}", "--book", "{books}", "--progress", "loud"], "progress is bar, json or none"),
        (["--book", "{books}", "--book", "{books}", "--line", "0.1"], "--line needs --income"),
        (["--book", "{books}", "--book", "{books}", "--income", "1.234"], "1.234 is finer than a fen"),
        (["--book", "{books}", "--book", "{books}#abcdefabcdef"], "claims.simulation.version-unknown"),
        (["--book", "{books}", "--book", "{books}", "--facts", "{nothing}"], "claims.facts.none"),
    ],
)
def test_what_is_wrong_ends_with_2_and_leaves_no_result(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "nothing").mkdir()
    county(tmp_path / "facts", 20, 50)
    places = {"books": str(BOOKS), "nothing": str(tmp_path / "nothing")}
    given = [argument.format(**places) for argument in arguments]
    facts = [] if "--facts" in given else ["--facts", str(tmp_path / "facts")]
    done = run("simulate", *facts, *given, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "out" / "result.json").exists()
