"""Commands on rule books: decide a facts file. Linting and simulation refuse until they are built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from claims.application.adjudicate_case import adjudicate_case
from claims.domain.adjudication import BOOK_SUFFIX, CASE_SUFFIX, Case, RuleBooks
from shared.errors import Refusal
from shared.rules import RuleError, read_rules, rule_texts

rules_app = typer.Typer(help="Rule books: adjudicate, lint-policy, simulate.", no_args_is_help=True)

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


@rules_app.command("lint-policy")
def lint_policy_command() -> None:
    """Not available in this version."""
    typer.echo(
        "lint-policy is not available in this version: adjudicate checks a book's form, dates and order of terms.", err=True
    )
    raise typer.Exit(_REFUSED)


@rules_app.command("simulate")
def simulate_command() -> None:
    """Not available in this version."""
    typer.echo("simulate is not available in this version: adjudicate decides single claims and folders of claims.", err=True)
    raise typer.Exit(_REFUSED)
