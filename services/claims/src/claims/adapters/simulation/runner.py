"""A simulation in a process of its own: the worker's loop stays free, and what it computes with is given back when it ends."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from claims.application.simulation.export_facts import ExportFacts
from claims.domain.simulation import BookTexts, SimulationJob
from shared.errors import Kind, Refusal, invalid
from shared.money import RATE_ONE, format_yuan

_BEAT_S: Final = 15.0
_REFUSED: Final = 2


class SubprocessRunner:
    """Implements ``ports.Runner`` with the command ``simulate``."""

    def __init__(self, work: Path, facts: Path | None, export: ExportFacts) -> None:
        self._work = work
        self._root = facts
        self._export = export

    async def __call__(self, job: SimulationJob, report: Callable[[int, int], Awaitable[None]]) -> Mapping[str, Any]:
        """See ``ports.Runner``."""
        folder = self._work / f"{job.simulation_id}-{job.attempt}"
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        try:
            arguments = await asyncio.to_thread(_prepared, job, folder)
            arguments += ["--facts", str(await self._facts_of(job, folder / "facts", report))]
            await self._run(arguments, report)
            text = await asyncio.to_thread((folder / "out" / "result.json").read_text, "utf-8")
            result: Mapping[str, Any] = json.loads(text)
            return result
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _facts_of(self, job: SimulationJob, folder: Path, report: Callable[[int, int], Awaitable[None]]) -> Path:
        """Where the facts are; those of a period are exported first."""
        source = job.facts
        if source.begins_on is not None and source.ends_on is not None:

            async def exported(count: int) -> None:
                await report(0, count)

            if not await self._export(folder, source.begins_on, source.ends_on, exported):
                raise invalid("claims.simulation.no-claims", "该期间没有有效的结算", field="facts")
            return folder
        assert source.folder is not None
        if self._root is None:
            raise invalid("claims.simulation.no-folders", "未配置算例文件夹(ONEWINDOW_CLAIMS_FACTS)", field="facts")
        return self._root / source.folder

    async def _run(self, arguments: list[str], report: Callable[[int, int], Awaitable[None]]) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "claims", "simulate", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        try:
            step = {"done": 0, "total": 0}
            while True:
                try:
                    line = await asyncio.wait_for(process.stdout.readline(), _BEAT_S)
                except TimeoutError:
                    line = None
                if line == b"":
                    break
                if line is not None:
                    step = json.loads(line)
                await report(step["done"], step["total"])
            code = await process.wait()
            said = (await errors).decode().strip()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            errors.cancel()
        if code == _REFUSED:
            refusal, colon, text = said.partition(": ")
            known = colon and refusal.startswith("claims.")
            raise Refusal(Kind.INVALID, refusal if known else "claims.simulation.input-wrong", text if known else said)
        if code:
            raise RuntimeError(f"simulate ended with {code}: {said[-2000:]}")


def _prepared(job: SimulationJob, folder: Path) -> list[str]:
    """The command's arguments but for the facts; the rules and the pools are written down."""
    folder.mkdir(parents=True)
    arguments = ["--out", str(folder / "out"), "--seed", str(job.seed), "--progress", "json"]
    for name, book in (("a", job.book_a), ("b", job.book_b)):
        arguments += ["--book", _written(folder / f"book-{name}", book)]
    if job.income_fen is not None:
        arguments += ["--income", format_yuan(job.income_fen).replace(",", "")]
        for share in job.shares:
            arguments += ["--line", f"{share // RATE_ONE}.{share % RATE_ONE:06d}"]
    if job.pools is not None:
        pools = folder / "pools.yaml"
        pools.write_text(json.dumps(job.pools, ensure_ascii=False), "utf-8")
        arguments += ["--pools", str(pools)]
    return arguments


def _written(folder: Path, book: BookTexts) -> str:
    folder.mkdir()
    for name, text in book.texts.items():
        (folder / name).write_text(text, "utf-8")
    return f"{folder}#{','.join(book.digests)}"
