"""``python -m devstack up | down | status``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from types import FrameType

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from devstack.county_folder import CountyFolder
from devstack.data_folder import choose_data_dir
from devstack.lag import group_lags
from devstack.stack import Stack, addresses_file, is_ready, running_pid
from devstack.topology import Topology, read_topology

STOPS_WITHIN_S = 60.0

app = typer.Typer(
    help="The whole county on this machine, without Docker.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
screen = Console()


@app.command()
def up(
    only_infra: bool = typer.Option(False, "--only-infra", help="PostgreSQL and the broker alone, for services run by hand"),
    county: Path | None = typer.Option(None, help="A county folder whose rule books and clock the services go by"),
) -> None:
    """Start everything and keep it running until Ctrl-C or `down`."""
    stack = Stack(choose_data_dir(), read_topology(), CountyFolder.read(county).environment() if county else None)
    stop_on_sigterm()
    try:
        if only_infra:
            stack.start_infrastructure()
            _print_variables(stack)
        else:
            start_with_progress(stack)
            _print_addresses(stack.topology)
        screen.print("Ctrl-C stops everything; the data stay.")
        stack.watch()
    except (RuntimeError, OSError) as failed:  # StackError among them
        screen.print(str(failed), style="bold red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        screen.print("\nstopping …")
    finally:
        stack.stop()


@app.command()
def down() -> None:
    """Stop the stack that runs on this data folder."""
    data_dir = choose_data_dir()
    pid = running_pid(data_dir)
    if pid is None:
        screen.print("nothing runs")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPS_WITHIN_S
    while running_pid(data_dir) is not None:
        if time.monotonic() > deadline:
            screen.print(f"[bold red]process {pid} does not stop[/]")
            raise typer.Exit(1)
        time.sleep(0.1)
    screen.print("stopped")


@app.command()
def status() -> None:
    """Which services are ready, and how far their consumers are behind."""
    data_dir = choose_data_dir()
    pid = running_pid(data_dir)
    if pid is None:
        screen.print("nothing runs")
        raise typer.Exit(1)
    addresses = json.loads(addresses_file(data_dir).read_text())
    topology = read_topology()
    lags = asyncio.run(group_lags(addresses["kafka_bootstrap"], [entry.group for entry in topology.services if entry.group]))
    table = Table("service", "address", "ready", "records behind", title=f"process {pid}, data in {data_dir}")
    for entry in topology.services:
        ready = "[green]yes[/]" if is_ready(addresses["urls"][entry.name] + entry.ready) else "[red]no[/]"
        table.add_row(entry.name, addresses["urls"][entry.name], ready, str(lags[entry.group]) if entry.group else "")
    screen.print(table)


def start_with_progress(stack: Stack) -> None:
    """`Stack.start` with a progress bar. Raises StackError."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        bar = progress.add_task("starting")
        stack.start(lambda what, done, total: progress.update(bar, description=what, completed=done, total=total))


def _print_addresses(topology: Topology) -> None:
    table = Table("service", "address")
    for entry in topology.services:
        table.add_row(entry.name, entry.url)
    screen.print(table)


def _print_variables(stack: Stack) -> None:
    print(f"export ONEWINDOW_POSTGRES_URL={stack.postgres_url}")
    for name, value in stack.environment().items():
        if name.startswith("ONEWINDOW_") and (name.endswith("_DATABASE_URL") or name == "ONEWINDOW_KAFKA_BOOTSTRAP"):
            print(f"export {name}={value}")


def stop_on_sigterm() -> None:
    """Take SIGTERM, which `down` sends, for Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
