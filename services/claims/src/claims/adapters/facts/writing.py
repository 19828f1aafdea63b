"""Writing facts files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from claims.adapters.facts.schema import ROW_GROUP, SCHEMA

ROWS_A_FILE: Final = 4 * 1024 * 1024


class FactsWriter:
    """Writes tables of the schema, in order, as ``facts-00000.parquet`` …. A file gets its name only when it is whole."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files = 0
        self._in_file = 0
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0
        """How many were added."""

    @property
    def _unfinished(self) -> Path:
        return self._folder / f"facts-{self._files:05d}.unfinished"

    def add(self, table: pa.Table) -> None:
        """Write a table."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._unfinished, SCHEMA, compression="zstd")
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self.rows += len(table)
        self._in_file += len(table)
        if self._in_file >= ROWS_A_FILE:
            self.close()

    def close(self) -> None:
        """Finish the file that is open."""
        if self._writer is not None:
            self._writer.close()
            self._unfinished.rename(self._unfinished.with_suffix(".parquet"))
            self._writer, self._in_file, self._files = None, 0, self._files + 1

    def abandon(self) -> None:
        """Take away the file that is open."""
        if self._writer is not None:
            self._writer.close()
            self._unfinished.unlink()
            self._writer = None


def write(folder: Path, tables: Iterable[pa.Table]) -> int:
    """Write tables of the schema, in order; the number of claims."""
    writer = FactsWriter(folder)
    for table in tables:
        writer.add(table)
    writer.close()
    return writer.rows
