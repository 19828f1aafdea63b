"""Commands of the simulation: generate facts, export facts, simulate."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from claims.application.simulation.ports import Progress as Report
from claims.bootstrap import assemble, generate_facts, simulate_reform, simulation_engine
from claims.domain.simulation import BookChoice, BurdenLines, PoolPlan, Question
from shared.clock import SystemClock
from shared.errors import Refusal
from shared.money import MoneyError, fen, format_yuan, rate
from shared.rules import RuleError, read_rules
from shared.settings import read_settings

simulation_app = typer.Typer(help="Facts and simulation.", no_args_is_help=True)

_REFUSED = 2
_BOOK = "A rule book or a folder of them; PATH@DAY: the rules in force that day for all claims; PATH#DIGEST: that version."


@simulation_app.command("generate-facts")
def generate_facts_command(
    persons: Annotated[int, typer.Option(min=1)],
    visits: Annotated[int, typer.Option(min=1, help="About so many claims.")],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Write a synthetic county year as facts for simulate; the same for the same numbers."""
    typer.echo(f"{generate_facts(out, persons, visits, seed)} claims in {out}")


@simulation_app.command("export-facts")
def export_facts_command(
    begins_on: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of settlement.")],
    ends_on: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of settlement.")],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
) -> None:
    """Write the settlements that stand of a period as facts for simulate; persons only as pseudonyms."""
    typer.echo(f"{asyncio.run(_export(begins_on.date(), ends_on.date(), out))} claims in {out}")


async def _export(begins_on: date, ends_on: date, out: Path) -> int:
    claims = assemble(read_settings("claims"))
    try:
        return await claims.simulations.export_facts(out, begins_on, ends_on)
    finally:
        for step in claims.closing:
            await step()
        await claims.db.close()


@simulation_app.command("simulate")
def simulate_command(
    facts: Annotated[Path, typer.Option(exists=True, help="Folder with facts files (docs/simulation.md).")],
    book: Annotated[list[str], typer.Option(help=f"Twice: book A, then book B. {_BOOK}")],
    out: Annotated[Path, typer.Option(help="Folder for the result.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes that compute.")] = 1,
    engine: Annotated[str, typer.Option(help="processes or dask.")] = "processes",
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask cluster that is there already.")] = None,
    income: Annotated[str | None, typer.Option(help="Disposable income a head in yuan, for the lines of burden.")] = None,
    line: Annotated[list[str] | None, typer.Option(help="Shares of that income; by default 0.10 and 0.25.")] = None,
    pools: Annotated[Path | None, typer.Option(exists=True, help="YAML with the pools whose solvency is looked at.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the draws that show the uncertainty.")] = 1,
    block: Annotated[int, typer.Option(min=1, help="Claims in memory at once in each process.")] = 500_000,
    progress: Annotated[str, typer.Option(help="bar, json (a line on standard output for each step) or none.")] = "bar",
) -> None:
    """Decide past claims by book A and by book B and tell who gains and who loses.

    Exit code 0; 2 when a book or a file is wrong.
    """
    try:
        question = _question(facts, book, income, line, pools, seed, block)
        chosen = simulation_engine(engine, workers, out / "scratch", scheduler)
        with _reporting(progress) as report:
            summary = simulate_reform(SystemClock())(question, out, chosen, report)
    except (RuleError, MoneyError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_REFUSED) from None
    except Refusal as refusal:
        typer.echo(f"{refusal.code}: {refusal.zh}", err=True)
        raise typer.Exit(_REFUSED) from None
    if progress != "json":
        _tell(summary, out)


def _question(
    facts: Path, book: list[str], income: str | None, line: list[str] | None, pools: Path | None, seed: int, block: int
) -> Question:
    if len(book) != 2:
        raise ValueError("--book is given twice: A, then B")
    a, b = (BookChoice.of(text) for text in book)
    lines = None
    if income is not None:
        lines = BurdenLines(fen(income), tuple(rate(share) for share in line)) if line else BurdenLines(fen(income))
    elif line:
        raise ValueError("--line needs --income")
    plan = read_rules(pools.read_text("utf-8"), str(pools), PoolPlan) if pools else None
    return Question(facts=str(facts), book_a=a, book_b=b, lines=lines, pools=plan, seed=seed, block_claims=block)


@contextmanager
def _reporting(kind: str) -> Iterator[Report]:
    if kind == "json":
        yield lambda done, total: typer.echo(json.dumps({"done": done, "total": total}))
    elif kind == "bar":
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("模拟测算", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    elif kind == "none":
        yield lambda _done, _total: None
    else:
        raise ValueError(f"progress is bar, json or none, not {kind!r}")


def _tell(summary: Any, out: Path) -> None:
    totals = summary["totals"]
    typer.echo(
        f"{totals['claims']} claims of {totals['persons']} person-years; {totals['winners']} pay less, {totals['losers']} more"
    )
    for fund in summary["funds"]:
        a, b = fund["a_fen"], fund["b_fen"]
        typer.echo(f"  {fund['fund']:6} {format_yuan(a):>20} -> {format_yuan(b):>20}  {format_yuan(b - a):>18}")
    for row in summary["refused"]:
        typer.echo(f"  left out: {row['claims']} claims, book {row['book'].upper()}: {row['text']}")
    typer.echo(f"{out / 'simulation.xlsx'}")
