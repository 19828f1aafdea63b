"""Writing facts files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from claims.adapters.facts.schema import ROW_GROUP, SCHEMA

ROWS_A_FILE: Final = 4 * 1024 * 1024


def write(folder: Path, tables: Iterable[pa.Table]) -> int:
    """Write tables of the schema, in order, as ``facts-00000.parquet`` …; the number of claims.

    A file gets its name only when it is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = number = 0
    writer: pq.ParquetWriter | None = None
    path = unfinished = folder
    in_file = 0
    for table in tables:
        if writer is None:
            path = folder / f"facts-{number:05d}.parquet"
            unfinished = path.with_suffix(".unfinished")
            writer = pq.ParquetWriter(unfinished, SCHEMA, compression="zstd")
        writer.write_table(table, row_group_size=ROW_GROUP)
        rows += len(table)
        in_file += len(table)
        if in_file >= ROWS_A_FILE:
            writer.close()
            unfinished.rename(path)
            writer, in_file, number = None, 0, number + 1
    if writer is not None:
        writer.close()
        unfinished.rename(path)
    return rows
