"""Alembic's entry; see ``shared.db.migrate``."""

import claims.adapters.tables.accounts
import claims.adapters.tables.assistance
import claims.adapters.tables.burden
import claims.adapters.tables.corrections
import claims.adapters.tables.registry
import claims.adapters.tables.rule_books
import claims.adapters.tables.settlement
import claims.adapters.tables.simulations
import claims.adapters.tables.stay_credits
import claims.adapters.tables.visits  # noqa: F401  (defining the tables is what the import is for)
from claims.adapters.tables import metadata
from shared.db.migrate import run_env

run_env(metadata)
