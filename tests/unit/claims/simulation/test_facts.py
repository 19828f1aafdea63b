"""Facts files: whole persons in blocks, what is absent has its default, what is wrong is refused."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from claims.adapters.facts import writing
from claims.adapters.facts.generating import county_year
from claims.adapters.facts.reading import complete, lay_out, mixed, read
from claims.adapters.facts.schema import FIELDS, FORMAT, FORMAT_KEY, SCHEMA
from claims.adapters.vector.columns import CIRCUMSTANCES, NUMBERS
from claims.domain.adjudication import Circumstances
from shared.errors import Refusal
from tests.unit.claims.simulation.county import county

LEAST: dict[str, list[Any]] = {
    "person": [7, 7, 9],
    "scheme": ["390", "390", "310"],
    "region": ["990101"] * 3,
    "settled_on": [date(2025, 1, 2), date(2025, 3, 4), date(2025, 12, 31)],
    "care": ["inpatient", "outpatient", "inpatient"],
    "level": [1, 2, 3],
    "status": ["resident", "resident", "retired"],
    "total_fen": [100, 200, 300],
    "in_scope_fen": [100, 200, 300],
}


def table(**columns: list[Any]) -> pa.Table:
    fields = {field.name: field.kind for field in FIELDS}
    values = {**LEAST, **columns}
    arrays = {name: pa.array(values[name]).cast(fields[name]) for name in values if name in fields}
    arrays |= {name: pa.array(values[name]) for name in values if name not in fields}
    return pa.table(arrays).replace_schema_metadata({FORMAT_KEY: FORMAT.encode()})


def stored(folder: Path, *tables: pa.Table) -> Path:
    folder.mkdir(exist_ok=True)
    for number, part in enumerate(tables):
        pq.write_table(part, folder / f"{number}.parquet")
    return folder


def refused(folder: Path, tmp_path: Path) -> str:
    with pytest.raises(Refusal) as refusal:
        list(map(read, lay_out(folder, 10, tmp_path / "scratch")))
    return f"{refusal.value.code} {refusal.value.zh}"


def test_what_is_absent_has_the_default_of_the_kernel(tmp_path: Path) -> None:
    (block,) = lay_out(stored(tmp_path / "facts", table()), 10, tmp_path)
    claims = read(block)
    got = Circumstances(**{name: claims.circumstances[name].at(1) for name in CIRCUMSTANCES}, month=1)
    assert got == Circumstances("outpatient", 2, "resident")
    stated = {"total", "in_scope"}
    assert {name: claims.numbers[name] for name in NUMBERS if name not in stated} == {
        name: int(name == "sessions") for name in NUMBERS if name not in stated
    }
    assert claims.days["begun_on"].tolist() == claims.days["settled_on"].tolist() == [20090, 20151, 20453]
    assert claims.who.tolist() == [0, 0, 1]
    assert claims.labels["town"].at(0) == ""


def test_several_texts_stand_with_a_bar_between(tmp_path: Path) -> None:
    facts = table(
        classes=["", "dibao|monitored", "tekun"], enrolled=["d2|d1", "", "d1"], referred=[True, False, True], age=[0, 99, 40]
    )
    (block,) = lay_out(stored(tmp_path / "facts", facts), 10, tmp_path)
    got = read(block).circumstances
    assert [got["classes"].at(i) for i in range(3)] == [frozenset(), {"dibao", "monitored"}, {"tekun"}]
    assert [got["enrolled"].at(i) for i in range(3)] == [{"d1", "d2"}, frozenset(), {"d1"}]
    assert [got["referred"].at(i) for i in range(3)] == [True, False, True]
    assert [got["age"].at(i) for i in range(3)] == [0, 99, 40]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"scheme": ["390", "390", "999"]}, "claims.facts.unknown-value 列scheme有未知的值'999'"),
        ({"classes": ["", "rich", ""]}, "claims.facts.unknown-value 列classes有未知的值'rich'"),
        ({"level": [0, 1, 1]}, "claims.facts.range 列level的值0至1超出范围"),
        ({"level": [1, 4, 1]}, "claims.facts.range 列level的值1至4超出范围"),
        ({"age": [1, -1, 1]}, "claims.facts.range 列age的值-1至1超出范围"),
        ({"care": ["inpatient", None, "inpatient"]}, "claims.facts.empty 列care有空值"),
        ({"total_fen": [100, 201, 300]}, "claims.facts.wrong 第2行：费用各部分之和不等于总额"),
        ({"colour": ["red"] * 3}, "claims.facts.columns 0.parquet：有未知的列colour"),
    ],
)  # fmt: skip
def test_wrong_facts_are_refused(tmp_path: Path, columns: dict[str, list[Any]], message: str) -> None:
    assert refused(stored(tmp_path / "facts", table(**columns)), tmp_path) == message


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    assert refused(stored(tmp_path / "none"), tmp_path).startswith("claims.facts.none ")
    plain = stored(tmp_path / "plain", table().replace_schema_metadata(None))
    assert refused(plain, tmp_path) == "claims.facts.columns 0.parquet：格式是未注明，应为onewindow-fact-columns/1"
    missing = stored(tmp_path / "missing", table().drop_columns(["care", "level"]))
    assert refused(missing, tmp_path) == "claims.facts.columns 0.parquet：缺少列care、level"
    other = table().set_column(0, "person", pa.array(["7", "7", "9"]))
    assert (
        refused(stored(tmp_path / "type", other), tmp_path)
        == "claims.facts.columns 0.parquet：列person的类型是string，应为int64"
    )
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "0.parquet").write_text("no parquet")
    assert refused(tmp_path / "text", tmp_path).startswith("claims.facts.form 0.parquet不是算例文件")


@pytest.mark.parametrize("size", [1, 2, 50, 333, 10_000])
def test_blocks_hold_whole_persons_and_no_more_claims_than_asked_for(tmp_path: Path, size: int) -> None:
    folder = county(tmp_path / "facts", 300, 1_200)
    blocks = lay_out(folder, size, tmp_path / "scratch")
    claims = [read(block) for block in blocks]
    persons = [set(part.person.tolist()) for part in claims]
    assert sum(len(part) for part in claims) == sum(block.claims for block in blocks)
    assert sum(map(len, persons)) == len(set().union(*persons))
    assert all(block.claims <= size or len(mine) == 1 for block, mine in zip(blocks, persons, strict=True))
    assert all(a.claims + b.claims > size for a, b in pairwise(blocks))
    assert not (tmp_path / "scratch").exists()


def test_a_block_reaches_over_files_and_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROW_GROUP", 100)
    monkeypatch.setattr(writing, "ROWS_A_FILE", 1)
    folder = tmp_path / "facts"
    whole = pa.concat_tables(county_year(200, 900, 4))
    writing.write(folder, [whole.slice(0, 333), whole.slice(333, 300), whole.slice(633)])
    assert len(list(folder.iterdir())) == 3
    for size in (40, 10_000):
        parts = [read(block) for block in lay_out(folder, size, tmp_path / "scratch")]
        assert np.concatenate([part.person for part in parts]).tolist() == whole["person"].to_pylist()
        assert np.concatenate([part.numbers["total"] for part in parts]).tolist() == whole["total_fen"].to_pylist()


def test_persons_that_do_not_stand_together_are_divided_first(tmp_path: Path) -> None:
    facts = table(person=[9, 7, 9], order=[2, 1, 1])
    (block,) = lay_out(stored(tmp_path / "facts", facts), 10, tmp_path / "scratch")
    claims = read(block)
    assert block.sort
    assert claims.person.tolist() == [7, 9, 9]
    assert [claims.circumstances["level"].at(i) for i in range(3)] == [2, 3, 1]


def test_without_an_order_claims_stand_as_they_stand_in_the_files(tmp_path: Path) -> None:
    first, second = table(person=[9, 7, 9]), table(person=[9, 9, 7], level=[3, 2, 1])
    (block,) = lay_out(stored(tmp_path / "facts", first, second), 10, tmp_path / "scratch")
    claims = read(block)
    assert claims.person.tolist() == [7, 7, 9, 9, 9, 9]
    assert [claims.circumstances["level"].at(i) for i in range(6)] == [2, 1, 1, 3, 3, 2]


def test_a_county_is_the_same_for_the_same_seed() -> None:
    first, again, other = (pa.concat_tables(county_year(300, 1_000, seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    assert first.schema.equals(SCHEMA)
    parts = [first[f"{name}_fen"].to_numpy() for name in ("self_funded", "over_limit", "pre_selfpay", "in_scope")]
    assert (sum(parts) == first["total_fen"].to_numpy()).all()
    assert min(part.min() for part in parts) >= 0
    persons = first["person"].to_numpy()
    assert (np.diff(persons) >= 0).all()
    assert set(first["scheme"].to_pylist()) == {"310", "390"}


def test_complete_adds_what_is_absent() -> None:
    whole = complete(table(), 40)
    assert whole.schema.equals(SCHEMA)
    assert whole["order"].to_pylist() == [40, 41, 42]
    assert whole["sessions"].to_pylist() == [1, 1, 1]
    assert whole["ended_on"].to_pylist() == LEAST["settled_on"]


def test_numbers_are_always_scattered_the_same_way() -> None:
    assert mixed(np.array([0, 1, 2**62], np.int64)).tolist() == [
        16294208416658607535,
        10451216379200822465,
        47939714376772075,
    ]
