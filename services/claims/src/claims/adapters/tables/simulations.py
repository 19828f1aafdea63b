"""Simulations that were asked for over REST, and their results."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from claims.adapters.tables import metadata

SIMULATION: Final = Table(
    "simulation",
    metadata,
    Column("simulation_id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("asked", JSONB, nullable=False, comment="facts, lines, pools, seed"),
    Column(
        "books",
        JSON,
        nullable=False,
        comment="texts of both books when it was asked for, and the digests of the versions that decide",
    ),
    Column("state", Text, nullable=False, comment="queued, running, done, failed"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("done_claims", BigInteger, nullable=False, server_default="0"),
    Column("total_claims", BigInteger, nullable=False, server_default="0"),
    Column("seen_at", DateTime(timezone=True), comment="last sign of life of the worker"),
    Column("cause", JSONB(none_as_null=True), comment="code and text when it failed"),
    Column("result", JSON(none_as_null=True), comment="the result document"),
    Column("finished_at", DateTime(timezone=True)),
    Index("ix_simulation_open", "simulation_id", postgresql_where=text("state IN ('queued', 'running')")),
)
