"""A roll of persons as newline-delimited JSON: lines that can be read, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from enrollment.application.import_county import ImportRow
from enrollment.entrypoints.http.bodies import ImportLine
from shared.errors import invalid

MAX_BYTES = 20 * 1024 * 1024
MAX_LINES = 20_000


def read_roll(body: bytes) -> tuple[list[ImportRow], list[dict[str, Any]]]:
    """Rows and errors (line, code, title, field), both numbered from 1. Refuses ``enrollment.import.too-large``."""
    lines = body.split(b"\n")
    if len(body) > MAX_BYTES or len(lines) > MAX_LINES + 1:
        raise invalid(
            "enrollment.import.too-large",
            f"一次最多导入 {MAX_LINES} 行、{MAX_BYTES >> 20} MB，请分批",
            "too many lines for one request",
            lines=len(lines),
        )
    rows: list[ImportRow] = []
    errors: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(ImportLine.model_validate_json(line).row(number))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            field = ".".join(map(str, first["loc"])) or None
            errors.append(
                {
                    "line": number,
                    "code": "enrollment.import.line-invalid",
                    "title": f"第 {number} 行内容有误：{field or 'JSON'}",
                    "field": field,
                }
            )
    return rows, errors
