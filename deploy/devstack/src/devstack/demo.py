"""The demo on the screen: load the county, play the story, show the tables. docs/demo.md says what to look at."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from devstack.county import generate, write_county
from devstack.county_folder import CountyFolder
from devstack.data_folder import REPOSITORY
from devstack.event_lag import event_counts, lags_when_quiet
from devstack.examples import Example, decide_examples
from devstack.load import Loader, Outcome, service_clients
from devstack.mock_hospital import Settled
from devstack.story import VISITS, Story, Unexpected
from devstack.window import Json
from shared.auth.wiring import build_service_tokens
from shared.clock import Clock
from shared.contracts import REGISTRY
from shared.ids import IdFactory, TimeOrderedIds
from shared.money import format_yuan
from shared.settings import read_settings

RULE_BOOKS: Final = REPOSITORY / "services/claims/src/claims/policy/books"
_READERS: Final = ("enrollment", "claims", "workinjury-bridge", "gateway")
_CAUGHT_UP_S: Final = 60


Act = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the running stack is to be found."""

    urls: Mapping[str, str]
    """Base URL of every service by name."""
    kafka_bootstrap: str


def demo_county(folder: Path, clock: Clock) -> CountyFolder:
    """The demo county's folder, generated at the first start and kept from then on."""
    if not (folder / "county.toml").exists():
        write_county(generate(today=clock.today()), folder, RULE_BOOKS)
    return CountyFolder.read(folder)


async def load_county(
    at: Addresses, county: CountyFolder, ids: IdFactory, screen: Console, people_arrive: asyncio.Event | None = None
) -> Outcome:
    """Load a folder with a bar for each file. Raises LoadError when a service refuses or is away.

    ``people_arrive`` is set when the first persons are in, institutions and catalogue with them.
    """
    tokens = build_service_tokens(read_settings("devstack"))
    with _bars(screen) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done)
            if people_arrive and {"institutions", "catalogue", "persons"} <= {
                f for f, t in tasks.items() if bars.tasks[t].completed
            }:
                people_arrive.set()

        async with service_clients(at.urls, "enrollment", "claims") as (enrollment, claims):
            outcome = await Loader(enrollment, claims, tokens.bearer, ids, advance).load(county)
    for fault in outcome.faults[:10]:
        screen.print(f"  [red]{fault}[/red]")
    return outcome


async def tell(at: Addresses, county_folder: Path, clock: Clock, started: float, screen: Console) -> bool:
    """Load, play, show. True only if every act came out as expected. ``started``: monotonic time the demo was called at."""
    ids = TimeOrderedIds(clock)
    county = demo_county(county_folder, clock)
    screen.rule(f"{county.name}: {len(county.tables['persons']):,} persons, {len(county.tables['institutions'])} institutions")
    async with httpx.AsyncClient(base_url=at.urls["gateway"], timeout=30, trust_env=False) as http:
        seen: list[Settled] = []
        story = Story(http, county, clock, ids, seen.append)
        people_arrive = asyncio.Event()
        loading = asyncio.create_task(load_county(at, county, ids, screen, people_arrive))
        loading.add_done_callback(lambda _: people_arrive.set())  # also when it failed
        await people_arrive.wait()
        await _play(story, screen, "doors open", story.open_doors)
        await _play(story, screen, "first settlement", story.first_settlement)
        screen.print(f"  first settlement {time.monotonic() - started:.0f} s after the start", highlight=False)
        await _play(story, screen, "county loaded", lambda: _loaded(loading))
        examples: list[Example] = []
        await _play(story, screen, "published examples", lambda: _published_examples(examples))
        with _bars(screen) as bars:
            day = bars.add_task("visits", total=VISITS)

            def advance(settled: Settled) -> None:
                seen.append(settled)
                bars.advance(day)

            story.tell = advance
            await _play(story, screen, "a day of the hospitals", story.hospital_day)
        story.tell = seen.append
        await _play(story, screen, "a reversal", story.reversal)
        await _play(story, screen, "work injury: a stay re-settled between the funds", story.work_injury)
        await _play(story, screen, "enrol and pay", story.enrol_and_pay)
        await _play(story, screen, "books", story.books_balance)
        lags = await lags_when_quiet(at.kafka_bootstrap, _READERS, _CAUGHT_UP_S)
        events = await event_counts(at.kafka_bootstrap, REGISTRY.topics())
        await _play(story, screen, "events", lambda: _nobody_behind(events, lags))
        screen.print(_examples_table(examples), _visits_table(seen), _mishaps_table(story))
        for book in await _balances(story):
            screen.print(_balance_table(book))
        screen.print(_events_table(events, lags), _results_table(story))
    return all(result.ok for result in story.results)


async def _play(story: Story, screen: Console, name: str, act: Act) -> None:
    result = await story.play(name, act)
    mark = "[green]✓[/green]" if result.ok else "[red]✗[/red]"
    screen.print(f"{mark} [bold]{name}[/bold] ({result.seconds:.1f} s): {escape(result.text)}", highlight=False)


async def _loaded(loading: asyncio.Task[Outcome]) -> str:
    outcome = await loading
    if outcome.faults:
        raise Unexpected(f"{len(outcome.faults)} rows refused: {outcome.faults[0]}")
    persons = outcome.counts["persons"]
    return f"{persons['created']:,} persons new, {persons['existing']:,} known already"


async def _published_examples(examples: list[Example]) -> str:
    examples.extend(await decide_examples())
    wrong = [example.title for example in examples if not example.holds]
    if wrong or not examples:
        raise Unexpected(f"{len(wrong)} of {len(examples)} differ: {wrong}")
    return f"{len(examples)} examples, {sum(len(e.figures) for e in examples)} figures, all as printed"


async def _balances(story: Story) -> list[Json]:
    try:
        return await story.trial_balances()
    except Exception:  # already reported as the act "books"; the other tables are still worth showing
        return []


_SILENT: Final = frozenset({"gateway.partner.v1", "workinjury-bridge.recovery.v1", "workinjury-bridge.clearing.v1"})
"""Topics of which the story has no event: nobody in it owes a fund anything."""


async def _nobody_behind(events: Mapping[str, int], lags: Mapping[str, int]) -> str:
    if any(lags.values()) or not all(count for topic, count in events.items() if topic not in _SILENT):
        raise Unexpected(f"behind: {dict(lags)}; events: {dict(events)}")
    return f"{sum(events.values()):,} on {len(events)} topics, read by everybody who wants them"


def _bars(screen: Console) -> Progress:
    columns = (TextColumn("{task.description:>14}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=screen, transient=not screen.is_terminal)


def _examples_table(examples: list[Example]) -> Table:
    table = Table("example", "figures", "last figure", "printed", "got", title="published worked examples")
    for example in examples:
        good = sum(printed == got for _, printed, got in example.figures)
        name, printed, got = next((f for f in example.figures if f[1] != f[2]), example.figures[-1])
        style = "" if example.holds else "red"
        table.add_row(example.title, f"{good} of {len(example.figures)}", name, printed, got, style=style)
    return _right(table, 1, 3, 4)


def _visits_table(settled: list[Settled]) -> Table:
    table = Table(
        "institution", "visits", "stays", "total", "funds", "account", "cash", title="what the hospitals settled, yuan"
    )
    for name in sorted({s.institution_name for s in settled}):
        own = [s for s in settled if s.institution_name == name]
        stays = sum(s.inpatient for s in own)
        sums = [sum(getattr(s, part) for s in own) for part in ("total", "funds", "account", "cash")]
        table.add_row(name, str(len(own) - stays), str(stays), *(f"{amount:,.2f}" for amount in sums))
    return _right(table, 1, 2, 3, 4, 5, 6)


def _mishaps_table(story: Story) -> Table:
    table = Table("on the line", "times", title=f"{story.line.calls:,} HIS messages")
    for mishap, times in sorted(story.line.mishaps.items(), key=lambda item: item[0].value):
        table.add_row(mishap.value, str(times))
    table.add_row("answered differently the second time", str(len(story.line.answered_differently)))
    return _right(table, 1)


def _balance_table(book: Json) -> Table:
    table = Table("account", "name", "debit", "credit", "balance", title=f"{book['book']} {book['name']}, yuan")
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in book["rows"]:
        sums.setdefault((row["account"], row["name"]), Counter()).update(
            debit=row["debit_fen"], credit=row["credit_fen"], balance=row["balance_fen"]
        )
    for (account, name), amounts in sums.items():
        table.add_row(account, name, *(format_yuan(amounts[part]) for part in ("debit", "credit", "balance")))
    table.add_section()
    table.add_row("", "", format_yuan(book["debit_fen"]), format_yuan(book["credit_fen"]), "")
    return _right(table, 2, 3, 4)


def _events_table(events: Mapping[str, int], lags: Mapping[str, int]) -> Table:
    behind = ", ".join(f"{group} {lag}" for group, lag in lags.items())
    table = Table("topic", "events", title="events", caption=f"behind: {behind}")
    for topic, count in events.items():
        table.add_row(topic, f"{count:,}")
    return _right(table, 1)


def _results_table(story: Story) -> Table:
    table = Table("", "act", "s", "what came out", title="the story")
    for result in story.results:
        table.add_row(
            "✓" if result.ok else "✗", result.name, f"{result.seconds:.1f}", result.text, style="" if result.ok else "red"
        )
    return _right(table, 2)


def _right(table: Table, *columns: int) -> Table:
    for column in columns:
        table.columns[column].justify = "right"
    return table
