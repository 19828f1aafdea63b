"""Commands on rule books: decide a facts file, or a settlement again; lint."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from claims.application.adjudicate_case import adjudicate_case
from claims.application.lint_policy import lint_policy
from claims.bootstrap import assemble
from claims.domain.adjudication import BOOK_SUFFIX, CASE_SUFFIX, Case, RuleBooks
from claims.domain.policy_lint import LintOptions, Severity
from shared.errors import Refusal
from shared.money import MoneyError, fen
from shared.rules import RuleError, read_rules, rule_texts
from shared.service import replay_events
from shared.settings import Settings, read_settings

rules_app = typer.Typer(help="Rule books: adjudicate, replay, lint-policy.", no_args_is_help=True)

_AS_EXPECTED, _NOT_AS_EXPECTED, _REFUSED = 0, 1, 2


@rules_app.command("adjudicate")
def adjudicate_command(
    book: Annotated[Path, typer.Option(exists=True, help=f"A rule book, or a folder with files *{BOOK_SUFFIX}.")],
    facts: Annotated[Path, typer.Option(exists=True, help=f"A facts file, or a folder with files *{CASE_SUFFIX}.")],
) -> None:
    """Print the outcome with all intermediate amounts as JSON: an object for a file, a list for a folder.

    Exit code 0; 1 when an expected amount did not come out; 2 when a file is wrong or no rule covers the claim.
    """
    try:
        books = RuleBooks.read(rule_texts(book, BOOK_SUFFIX))
        cases = [read_rules(text, name, Case) for name, text in rule_texts(facts, CASE_SUFFIX).items()]
        outcomes = [adjudicate_case(books, case) for case in cases]
    except RuleError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_REFUSED) from None
    except Refusal as refusal:
        typer.echo(f"{refusal.code}: {refusal.zh}", err=True)
        raise typer.Exit(_REFUSED) from None
    typer.echo(json.dumps(outcomes if facts.is_dir() else outcomes[0], ensure_ascii=False, indent=2))
    met = all(outcome.get("as_expected", True) for outcome in outcomes)
    raise typer.Exit(_AS_EXPECTED if met else _NOT_AS_EXPECTED)


@rules_app.command("replay")
def replay_command(
    since: Annotated[datetime | None, typer.Option(help="Publish every event since this instant again.")] = None,
    settlement: Annotated[str | None, typer.Option(help="Decide this settlement again and compare every amount.")] = None,
) -> None:
    """Events again, for a broker that lost its log, or a settlement again, from its stored facts.

    Of a settlement the comparison is printed as JSON; exit code 0 when it is identical, 1 when it differs, 2 when it cannot be
    decided again.
    """
    if (since is None) == (settlement is None):
        raise typer.BadParameter("give either --since or --settlement")
    settings = read_settings("claims")
    if since is not None:
        asyncio.run(replay_events(settings, since))
        return
    try:
        result = asyncio.run(_replayed(settings, settlement or ""))
    except Refusal as refusal:
        typer.echo(f"{refusal.code}: {refusal.zh}", err=True)
        raise typer.Exit(_REFUSED) from None
    typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    raise typer.Exit(_AS_EXPECTED if result["identical"] else _NOT_AS_EXPECTED)


async def _replayed(settings: Settings, settlement_id: str) -> dict[str, Any]:
    claims = assemble(settings)
    try:
        return await claims.replay(settlement_id)
    finally:
        for step in claims.closing:
            await step()
        await claims.db.close()


@rules_app.command("lint-policy")
def lint_policy_command(
    book: Annotated[Path, typer.Option(exists=True, help=f"A rule book, or a folder with files *{BOOK_SUFFIX}.")],
    premiums: Annotated[
        Path | None, typer.Option(exists=True, help="Premium rules, *.premiums.yaml: classes that pay a premium of their own.")
    ] = None,
    cliff: Annotated[str, typer.Option(help="Yuan that one fen more cost may take away.")] = "1.00",
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON.")] = False,
) -> None:
    """Look for conflicts, gaps and cliffs in rule books; each finding comes with a smallest claim that shows it.

    Exit code 0; 1 when there is an error among the findings; 2 when an argument is wrong.
    """
    try:
        options = LintOptions(cliff_fen=fen(cliff), premium_classes=_premium_classes(premiums))
    except (MoneyError, yaml.YAMLError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_REFUSED) from None
    findings = lint_policy(rule_texts(book, BOOK_SUFFIX), options)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            typer.echo(f"{finding.place}: {finding.severity}: {finding.code} {finding.subject}: {finding.zh}")
            if finding.example:
                typer.echo(f"    {json.dumps(finding.example, ensure_ascii=False)}")
        counts = Counter(finding.severity for finding in findings)
        typer.echo("，".join(f"{counts[severity]} {severity}" for severity in Severity))
    raise typer.Exit(int(any(finding.severity is Severity.ERROR for finding in findings)))


def _premium_classes(path: Path | None) -> dict[str, str]:
    """Identity classes that a premium file names, each with the file; the file is enrollment's, so only its classes are read."""
    classes: dict[str, str] = {}
    for name, text in (rule_texts(path, ".premiums.yaml") if path else {}).items():
        document = yaml.safe_load(text) or {}
        for year in document.get("residents") or ():
            classes |= {code: f"{name} {year.get('year', '')}".strip() for code in year.get("subsidies") or ()}
    return classes
