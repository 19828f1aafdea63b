"""Alembic's entry; see ``shared.db.migrate``."""

from enrollment.adapters.tables import metadata
from shared.db.migrate import run_env

run_env(metadata)
