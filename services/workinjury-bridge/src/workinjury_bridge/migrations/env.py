"""Alembic's entry point; everything is in the platform."""

from shared.db.migrate import run_env
from workinjury_bridge.adapters import tables_benefits, tables_out_of_area

if tables_benefits.metadata is not tables_out_of_area.metadata:
    raise AssertionError("the tables of one service share one metadata")
run_env(tables_out_of_area.metadata)
