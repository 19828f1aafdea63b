"""Alembic's entry point; everything is in the platform."""

from shared.db.migrate import run_env
from workinjury_bridge.adapters.tables_benefits import entitlement
from workinjury_bridge.adapters.tables_clearing import clearing
from workinjury_bridge.adapters.tables_out_of_area import registration

if not (entitlement.metadata is clearing.metadata is registration.metadata):
    raise AssertionError("the tables of one service share one metadata")
run_env(registration.metadata)
