"""``python -m claims``: api, worker, migrate, parked, replay, openapi, and the rules' commands."""

from __future__ import annotations

from claims.entrypoints.cli_rules import rules_app
from claims.entrypoints.cli_simulation import simulation_app
from claims.entrypoints.service import SERVICE

cli = SERVICE.cli()
own = rules_app.registered_commands + simulation_app.registered_commands
cli.registered_commands = [c for c in cli.registered_commands if c.name not in {o.name for o in own}] + own

if __name__ == "__main__":
    cli()
