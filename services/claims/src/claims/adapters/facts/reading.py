"""Facts folders as blocks of whole persons: memory is bounded by the block, whatever the folder holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from claims.adapters.facts.schema import BY_NAME, FIELDS, FORMAT, FORMAT_KEY, ROW_GROUP, SCHEMA, SEPARATOR, Field
from claims.adapters.vector.columns import AMOUNTS, CIRCUMSTANCES, MARKS, ClaimColumns, Coded, Column, Ints
from shared.errors import Refusal, invalid

_SCAN: Final = 1 << 20
"""Rows of the person column that are looked at together when blocks are laid out."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows ``begin`` <= i < ``end`` of a file."""

    path: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """Whole persons."""

    number: int
    pieces: tuple[Piece, ...]
    sort: bool = False
    """Persons do not stand together in it, or not in order."""

    @property
    def claims(self) -> int:
        """How many claims it has."""
        return sum(piece.end - piece.begin for piece in self.pieces)


def lay_out(folder: Path, block_claims: int, scratch: Path) -> list[Block]:
    """The folder in blocks of about ``block_claims`` claims.

    Files whose persons rise from file to file are read where they lie; others are first divided by person into ``scratch``,
    a file a block. Refuses (``claims.facts.*``) a folder without facts, and files of another form.
    """
    files = _files(folder)
    total = sum(file.metadata.num_rows for _, file in files)
    cuts = _cuts(files, block_claims)
    if cuts is None:
        return _divided(files, total, block_claims, scratch)
    return [
        Block(number, tuple(_pieces(files, begin, end)))
        for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, total], strict=True))
    ]


def _files(folder: Path) -> list[tuple[Path, pq.ParquetFile]]:
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
    files = [(path, _opened(path)) for path in paths]
    files = [(path, file) for path, file in files if file.metadata.num_rows]
    if not files:
        raise invalid("claims.facts.none", f"{folder}中没有算例文件(*.parquet)", field="facts")
    return files


def _opened(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise invalid("claims.facts.form", f"{path.name}不是算例文件：{error}", field="facts") from None
    form = (file.schema_arrow.metadata or {}).get(FORMAT_KEY, b"").decode()
    if form != FORMAT:
        raise _form(path, f"格式是{form or '未注明'}，应为{FORMAT}")
    names = set(file.schema_arrow.names)
    if missing := [f.name for f in FIELDS if f.default is ... and f.name not in names]:
        raise _form(path, f"缺少列{'、'.join(missing)}")
    if unknown := sorted(names - set(BY_NAME)):
        raise _form(path, f"有未知的列{'、'.join(unknown)}")
    for name in names:
        if _plain(file.schema_arrow.field(name).type) != _plain(BY_NAME[name].kind):
            raise _form(path, f"列{name}的类型是{file.schema_arrow.field(name).type}，应为{BY_NAME[name].kind}")
    return file


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _form(path: Path, why: str) -> Refusal:
    return invalid("claims.facts.columns", f"{path.name}：{why}", field="facts")


def _cuts(files: Sequence[tuple[Path, pq.ParquetFile]], block_claims: int) -> list[int] | None:
    """Rows at which blocks after the first begin, always at another person's first; None when persons are not in order."""
    cuts: list[int] = []
    begin = best = row = 0
    last: tuple[int, int | None] | None = None
    for person, order in _keys(files):
        if not _in_order(person, order, last):
            return None
        changes = row + 1 + np.flatnonzero(person[1:] != person[:-1])
        if last is not None and person[0] != last[0]:
            changes = np.r_[row, changes]
        i = 0
        while True:
            j = int(np.searchsorted(changes, begin + block_claims, "right"))
            if j > i:
                best = int(changes[j - 1])
            i = j
            if i >= len(changes):
                break
            begin = best if best > begin else int(changes[i])
            cuts.append(begin)
        row += len(person)
        last = int(person[-1]), None if order is None else int(order[-1])
    if row - begin > block_claims and best > begin:
        cuts.append(best)
    return cuts


def _keys(files: Sequence[tuple[Path, pq.ParquetFile]]) -> Iterator[tuple[Ints, Ints | None]]:
    for _, file in files:
        ordered = "order" in file.schema_arrow.names
        for batch in file.iter_batches(batch_size=_SCAN, columns=["person", "order"] if ordered else ["person"]):
            if batch.num_rows:
                yield batch.column("person").to_numpy(), batch.column("order").to_numpy() if ordered else None


def _in_order(person: Ints, order: Ints | None, last: tuple[int, int | None] | None) -> bool:
    if last is not None:
        person = np.r_[last[0], person]
        if order is not None:
            order = np.r_[order[0] - 1 if last[1] is None else last[1], order]
    if (person[1:] < person[:-1]).any():
        return False
    return order is None or not ((person[1:] == person[:-1]) & (order[1:] <= order[:-1])).any()


def _pieces(files: Sequence[tuple[Path, pq.ParquetFile]], begin: int, end: int) -> Iterator[Piece]:
    first = 0
    for path, file in files:
        rows = file.metadata.num_rows
        if begin < first + rows and end > first:
            yield Piece(str(path), max(begin - first, 0), min(end - first, rows))
        first += rows


def _divided(files: Sequence[tuple[Path, pq.ParquetFile]], total: int, block_claims: int, scratch: Path) -> list[Block]:
    """The claims divided by person into as many files as there are blocks."""
    count = -(-total // block_claims)
    scratch.mkdir(parents=True, exist_ok=True)
    paths = [scratch / f"block-{number:05d}.parquet" for number in range(count)]
    writers = [pq.ParquetWriter(path, SCHEMA, compression="lz4") for path in paths]
    rows = [0] * count
    row = 0
    try:
        for _, file in files:
            for batch in file.iter_batches(batch_size=ROW_GROUP):
                table = complete(pa.Table.from_batches([batch]), row)
                row += len(table)
                bucket = mixed(table["person"].to_numpy()) % np.uint64(count)
                by_bucket = np.argsort(bucket, kind="stable")
                table = table.take(by_bucket)
                ends = np.searchsorted(bucket[by_bucket], np.arange(count + 1, dtype=np.uint64))
                for number, (low, high) in enumerate(pairwise(ends)):
                    if high > low:
                        writers[number].write_table(table.slice(low, high - low))
                        rows[number] += int(high - low)
    finally:
        for writer in writers:
            writer.close()
    filled = [(path, n) for path, n in zip(paths, rows, strict=True) if n]
    return [Block(number, (Piece(str(path), 0, n),), sort=True) for number, (path, n) in enumerate(filled)]


def mixed(numbers: Ints) -> Any:
    """Numbers scattered evenly over 64 bits, always the same way (the finalizer of SplitMix64)."""
    z = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def complete(table: pa.Table, first: int = 0) -> pa.Table:
    """All columns of the schema; ``first``: the order of the first row where the file states none."""
    columns = []
    for field in FIELDS:
        if field.name in table.column_names:
            columns.append(table[field.name].cast(field.kind))
        elif field.name == "order":
            columns.append(pa.array(np.arange(first, first + len(table))))
        elif field.name in ("begun_on", "ended_on"):
            columns.append(table["ended_on" if "ended_on" in table.column_names else "settled_on"])
        else:
            columns.append(pa.repeat(pa.scalar(field.default, _plain(field.kind)), len(table)).cast(field.kind))
    return pa.table(columns, schema=SCHEMA)


def read(block: Block) -> ClaimColumns:
    """The claims of a block. Refuses (``claims.facts.*``) empty values, unknown texts and amounts that do not hold."""
    table = pa.concat_tables([_rows(piece) for piece in block.pieces], promote_options="default")
    if block.sort:
        table = table.take(np.lexsort((table["order"].to_numpy(), table["person"].to_numpy())))
    return columns_of(table)


def _rows(piece: Piece) -> pa.Table:
    texts = [name for name in pq.read_schema(piece.path).names if pa.types.is_dictionary(BY_NAME[name].kind)]
    file = pq.ParquetFile(piece.path, read_dictionary=texts)
    groups, first, skipped = [], 0, None
    for number in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        if first < piece.end and first + rows > piece.begin:
            groups.append(number)
            skipped = first if skipped is None else skipped
        first += rows
    table = file.read_row_groups(groups, use_threads=False)
    return table.slice(piece.begin - (skipped or 0), piece.end - piece.begin)


def columns_of(table: pa.Table) -> ClaimColumns:
    """A table of the schema as columns for the kernel."""
    n = len(table)
    names = set(table.column_names)
    for name in names:
        if table[name].null_count:
            raise invalid("claims.facts.empty", f"列{name}有空值", field="facts")
    settled = _days(table, "settled_on")
    ended = _days(table, "ended_on") if "ended_on" in names else settled
    numbers: dict[str, Column] = {}
    for name in (*AMOUNTS, "sessions", *MARKS):
        column = f"{name}_fen" if name in AMOUNTS else name
        if column in names:
            numbers[name] = pc.cast(table[column], pa.int64()).to_numpy()
        else:
            numbers[name] = int(BY_NAME[column].default)
    return ClaimColumns(
        person=table["person"].to_numpy(),
        scheme=_coded(table, BY_NAME["scheme"], n),
        region=_coded(table, BY_NAME["region"], n),
        circumstances={name: _coded(table, BY_NAME[name], n) for name in CIRCUMSTANCES},
        days={
            "begun_on": _days(table, "begun_on") if "begun_on" in names else ended,
            "ended_on": ended,
            "settled_on": settled,
        },
        numbers=numbers,
        labels={"town": _coded(table, BY_NAME["town"], n)},
    )


def _days(table: pa.Table, name: str) -> Any:
    return pc.cast(table[name], pa.int32()).to_numpy()


def _coded(table: pa.Table, field: Field, n: int) -> Coded:
    if field.name not in table.column_names:
        return Coded.constant(_value(field, field.default), n)
    column = table[field.name]
    if pa.types.is_dictionary(field.kind):
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        array = column.unify_dictionaries().combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0) if array.num_chunks else pa.array([], field.kind)
        texts = array.dictionary.to_pylist()
        return Coded(array.indices.to_numpy().astype(np.int32), tuple(_value(field, text) for text in texts))
    values = pc.cast(column, pa.int32()).to_numpy()
    if not n:
        return Coded.constant(field.default if field.default is not ... else 1, 0)
    low, high = int(values.min()), int(values.max())
    if low < (field.name == "level") or (field.name == "level" and high > 3) or high > 32_767:
        raise invalid("claims.facts.range", f"列{field.name}的值{low}至{high}超出范围", field="facts")
    kind = bool if pa.types.is_boolean(field.kind) else int
    return Coded(values - np.int32(low), tuple(kind(v) for v in range(low, high + 1)))


def _value(field: Field, text: Any) -> Any:
    if not pa.types.is_dictionary(field.kind):
        return text
    parts = [part for part in text.split(SEPARATOR) if part] if field.many else [text]
    if field.values and (unknown := [part for part in parts if part not in field.values]):
        raise invalid("claims.facts.unknown-value", f"列{field.name}有未知的值{unknown[0]!r}", field="facts")
    return frozenset(parts) if field.many else text
