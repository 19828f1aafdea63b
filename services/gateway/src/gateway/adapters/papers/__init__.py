"""Papers on A4: PDF set by typst from templates beside this file, with the fonts of a package, so that they look alike everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

_HERE = Path(__file__).parent
_FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent


class TypstPapers:
    """Implements ``ports.Papers``. A sheet takes the compiler some tenths of a second, so a thread does it, two at a time at most."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(2)

    async def pdf(self, template: str, content: Mapping[str, Any]) -> bytes:
        """See the port."""
        async with self._turns:
            return await asyncio.to_thread(_compile, template, json.dumps(content, ensure_ascii=False))


def _compile(template: str, content: str) -> bytes:
    pdf = typst.compile(
        _HERE / f"{template}.typ",
        root=_HERE,
        font_paths=[_FONTS],
        ignore_system_fonts=True,
        sys_inputs={"content": content},
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave several files for one paper")
    return pdf
