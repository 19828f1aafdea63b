"""Alembic's entry point; everything is in the platform."""

from shared.db.migrate import run_env
from workinjury_bridge.adapters.tables_benefits import entitlement

run_env(entitlement.metadata)
