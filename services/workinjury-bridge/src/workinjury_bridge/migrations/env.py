"""Alembic's entry point; everything is in the platform."""

from shared.db.migrate import run_env
from workinjury_bridge.adapters.tables import metadata

run_env(metadata)
