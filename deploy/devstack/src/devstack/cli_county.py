"""``python -m devstack generate | load | demo``: counties and the story."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from devstack.cli import app, screen, start_with_progress, stop_on_sigterm
from devstack.county import generate as generate_county
from devstack.county import write_county
from devstack.county_folder import CountyFolder, FolderError
from devstack.data_folder import choose_data_dir
from devstack.demo import RULE_BOOKS, Addresses, load_county, tell
from devstack.load import LoadError
from devstack.stack import Stack, StackError, addresses_file, running_pid
from devstack.topology import read_topology
from shared.clock import SystemClock, parse_clock
from shared.ids import TimeOrderedIds

__all__ = ["app"]


@app.command()
def generate(
    folder: Annotated[Path, typer.Argument(help="Where to; made when it does not exist.")],
    persons: Annotated[int, typer.Option(min=1)] = 20_000,
    seed: int = 2026,
    on: Annotated[str, typer.Option(help="The county as it stands on this day, 2026-11-22; today when not given.")] = "",
) -> None:
    """Write a generated county as a folder (docs/test-counties.md)."""
    today = date.fromisoformat(on) if on else SystemClock().today()
    write_county(generate_county(persons=persons, seed=seed, today=today), folder, RULE_BOOKS)
    screen.print(f"{persons:,} persons in {folder}", highlight=False)


@app.command()
def load(folder: Annotated[Path, typer.Argument(help="A county folder, docs/test-counties.md.")]) -> None:
    """Load a county into the running stack. Exit code 1 when a row was refused."""
    data_dir = choose_data_dir()
    try:
        county = CountyFolder.read(folder)
        if running_pid(data_dir) is None:
            raise LoadError("nothing runs; `make up` first")
        running = json.loads(addresses_file(data_dir).read_text())
        at = Addresses(urls=running["urls"], kafka_bootstrap=running["kafka_bootstrap"])
        outcome = asyncio.run(load_county(at, county, TimeOrderedIds(SystemClock()), screen))
    except (FolderError, LoadError) as failed:
        screen.print(f"[bold red]{failed}[/]", highlight=False)
        raise typer.Exit(1) from None
    for file, counts in outcome.counts.items():
        shown = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
        screen.print(f"{file:>14}: {shown}", highlight=False)
    raise typer.Exit(1 if outcome.faults else 0)


@app.command()
def demo() -> None:
    """Start everything, load the demo county, play the story, leave the console running until Ctrl-C.

    With ONEWINDOW_DEMO_EXIT=1 everything is stopped after the story; the exit code is 0 only if every act came out as expected.
    """
    started = time.monotonic()
    data_dir = choose_data_dir()
    stack = Stack(data_dir, read_topology())
    stop_on_sigterm()
    if not screen.is_terminal:
        screen.width = 140
    as_expected = False
    try:
        start_with_progress(stack)
        urls = {service.name: service.url for service in stack.topology.services}
        at = Addresses(urls=urls, kafka_bootstrap=stack.kafka_bootstrap)
        clock = parse_clock(os.environ.get("ONEWINDOW_CLOCK", ""))
        as_expected = asyncio.run(tell(at, data_dir / "demo-county", clock, started, screen))
        if os.environ.get("ONEWINDOW_DEMO_EXIT") != "1":
            screen.print(
                f"\nconsole: [bold]{urls['console']}[/] (wangfang / onewindow)   API: {urls['gateway']}/docs", highlight=False
            )
            screen.print("Ctrl-C stops everything; the data stay.")
            stack.watch()
    except (StackError, LoadError, FolderError) as failed:
        screen.print(f"[bold red]{failed}[/]", highlight=False)
        as_expected = False
    except KeyboardInterrupt:
        screen.print("\nstopping …")
    finally:
        stack.stop()
    raise typer.Exit(0 if as_expected else 1)
