"""The published worked examples, decided by the rule engine's own command: what was printed, and what comes out."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass

from devstack.data_folder import REPOSITORY

_POLICY = REPOSITORY / "services/claims/src/claims/policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One case: every figure that its source prints, beside ours, in yuan."""

    title: str
    source: str
    figures: list[tuple[str, str, str]]
    """(name, printed, got)."""

    @property
    def holds(self) -> bool:
        """Whether every figure came out as printed."""
        return all(printed == got for _, printed, got in self.figures)


async def decide_examples() -> list[Example]:
    """Run ``python -m claims adjudicate`` on every example of the policy folder. Raises RuntimeError with its message."""
    command = ("-m", "claims", "adjudicate", "--book", str(_POLICY), "--facts", str(_POLICY / "examples"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    if process.returncode not in (0, 1):  # 1: an amount did not come out; shown below
        raise RuntimeError(err.decode()[-500:])
    return [
        Example(
            title=case["title"],
            source=case["source"] or "",
            figures=[
                (f["name"], f["expected"]["yuan"], f["got"]["yuan"] if f["got"] else "-") for f in case.get("expected", ())
            ],
        )
        for case in json.loads(out)
    ]
