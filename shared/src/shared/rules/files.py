"""Finding rule files."""

from __future__ import annotations

from pathlib import Path

from shared.rules.values import Origin, RuleError


def rule_texts(path: Path, suffix: str) -> dict[str, str]:
    """File name -> text: of ``path`` itself, or of every file below it whose name ends in ``suffix``, by name.

    Raises RuleError when there is none, or one is no UTF-8.
    """
    files = [path] if path.is_file() else sorted(path.rglob(f"*{suffix}"))
    if not files:
        raise RuleError(Origin(str(path), 1), f"no file *{suffix} here")
    texts = {}
    for file in files:
        try:
            texts[str(file)] = file.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise RuleError(Origin(str(file), 1), f"no UTF-8: {error.reason} at byte {error.start}") from None
    return texts
