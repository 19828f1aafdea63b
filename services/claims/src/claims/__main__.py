"""``python -m claims``: api, worker, migrate, parked, replay, openapi, and the rules' commands."""

from __future__ import annotations

from claims.entrypoints.cli_rules import rules_app
from claims.entrypoints.service import SERVICE

cli = SERVICE.cli()
cli.registered_commands.extend(rules_app.registered_commands)

if __name__ == "__main__":
    cli()
