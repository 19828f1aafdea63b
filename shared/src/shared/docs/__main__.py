"""``python -m shared.docs write|check``: write docs/contracts, or fail when what is committed is not what the code says."""

from __future__ import annotations

from pathlib import Path

import typer

from shared.docs.contracts import all_documents

FOLDER = Path("docs/contracts")
cli = typer.Typer(add_completion=False, no_args_is_help=True)


@cli.command()
def write() -> None:
    """Write every document; remove what no longer belongs."""
    documents = all_documents()
    for old in _present():
        if old not in documents:
            (FOLDER / old).unlink()
    for name, text in documents.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    typer.echo(f"{len(documents)} documents in {FOLDER}")


@cli.command()
def check() -> None:
    """Exit 1 and name every document that differs."""
    documents = all_documents()
    wrong = sorted(set(_present()) - set(documents))
    for name, text in documents.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            wrong.append(name)
    for name in wrong:
        typer.echo(f"docs/contracts/{name} is not what the code says; run `make docs` and read the difference", err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo(f"{len(documents)} contract documents agree with the code")


def _present() -> list[str]:
    return [str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json")] if FOLDER.exists() else []


if __name__ == "__main__":
    cli()
