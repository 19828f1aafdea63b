"""Alembic's entry point; everything is in the platform."""

from shared.db.migrate import run_env
from workinjury_bridge.adapters.tables_benefits import entitlement
from workinjury_bridge.adapters.tables_clearing import clearing

assert clearing.metadata is entitlement.metadata
run_env(entitlement.metadata)
