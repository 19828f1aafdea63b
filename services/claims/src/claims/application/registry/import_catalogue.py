"""Import catalogue items from CSV: all rows or none, with every fault of every row."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from claims.application.registry.ports import Catalogue
from claims.domain.catalogue import CSV_COLUMNS, IGNORED_COLUMNS, REQUIRED_COLUMNS, CatalogueItem, RowFault, read_row
from shared.errors import invalid
from shared.transactions import Once, OnceKey, Tx

MAX_ROWS: Final = 200_000
_MAX_FAULTS: Final = 100


class ImportCatalogue:
    """The use case. A row replaces the version of the same code and first day; other versions stay."""

    def __init__(self, once: Once, catalogue: Catalogue) -> None:
        self._once = once
        self._catalogue = catalogue

    async def __call__(self, data: bytes, key: OnceKey | None) -> dict[str, Any]:
        """Returns the numbers of rows, added, changed and unchanged. Refuses ``claims.catalogue.import`` with the faults, then nothing changed."""
        items = read_items(data)

        async def work(tx: Tx) -> dict[str, Any]:
            known = await self._catalogue.versions(tx, sorted({item.code for item in items}))
            present = {(item.code, item.valid_from): item for versions in known.values() for item in versions}
            added = [item for item in items if (item.code, item.valid_from) not in present]
            changed = [item for item in items if present.get((item.code, item.valid_from), item) != item]
            await self._catalogue.store(tx, [*added, *changed])
            unchanged = len(items) - len(added) - len(changed)
            return {"rows": len(items), "added": len(added), "changed": len(changed), "unchanged": unchanged}

        answer, _ = await self._once.run(key, work)
        return answer


def read_items(data: bytes) -> list[CatalogueItem]:
    """The items of a CSV file (UTF-8, otherwise GB18030; columns ``CSV_COLUMNS`` in any order)."""
    reader = csv.DictReader(io.StringIO(_decoded(data), newline=""), restkey="")
    columns = set(reader.fieldnames or ())
    faults = [RowFault(0, column, "缺少该列") for column in REQUIRED_COLUMNS if column not in columns]
    faults += [RowFault(0, column, "没有该列") for column in sorted(columns - {*CSV_COLUMNS, *IGNORED_COLUMNS})]
    items: dict[tuple[str, object], CatalogueItem] = {}
    try:
        for number, row in enumerate(reader, 1):
            if faults and faults[0].row == 0:
                break
            if number > MAX_ROWS:
                faults.append(RowFault(number, "", f"一次最多导入{MAX_ROWS}行"))
                break
            read = read_row(number, row)
            if isinstance(read, list):
                faults += read
            elif (read.code, read.valid_from) in items:
                faults.append(RowFault(number, "code", "与前面的行编码和生效日期相同"))
            else:
                items[(read.code, read.valid_from)] = read
    except csv.Error as broken:
        faults.append(RowFault(reader.line_num, "", f"不是合法的CSV：{broken}"))
    if not items and not faults:
        faults.append(RowFault(0, "", "没有数据行"))
    if faults:
        raise invalid(
            "claims.catalogue.import",
            f"目录导入有{len(faults)}处错误，未导入任何数据；第{faults[0].row}行 {faults[0].column} {faults[0].rule}",
            "the import has faults; nothing was imported",
            faults=[{"row": f.row, "column": f.column, "rule": f.rule} for f in faults[:_MAX_FAULTS]],
        )
    return list(items.values())


def _decoded(data: bytes) -> str:
    for charset in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise invalid("claims.catalogue.charset", "文件字符集无法识别，应为UTF-8或GB18030")
