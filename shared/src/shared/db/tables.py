"""The tables that the platform keeps in every service's own database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations can refer to them. Give it to every MetaData."""


@dataclass(frozen=True, slots=True)
class PlatformTables:
    """Handles on the platform's tables inside one service's metadata."""

    outbox: Table
    inbox: Table
    parked: Table
    once: Table
    deadline: Table


def platform_tables(metadata: MetaData) -> PlatformTables:
    """Define the platform's tables in a service's metadata; call once, beside the service's own tables."""
    outbox = Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("payload", Text, nullable=False, comment="JSON of the event's data"),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text),
        Column("published_at", DateTime(timezone=True)),
        Index("ix_outbox_unpublished", "seq", postgresql_where=text("published_at IS NULL")),
    )
    inbox = Table(
        "inbox",
        metadata,
        Column("event_id", Text, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )
    parked = Table(
        "parked_event",
        metadata,
        Column("event_id", Text, primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("position", BigInteger, nullable=False, comment="offset in the partition"),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", Text, nullable=False),
        Column("headers", Text, nullable=False, comment="JSON object of text headers"),
        Column("cause", Text, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False),
        Column("replayed_at", DateTime(timezone=True)),
        Index("ix_parked_event_open", "key", "topic", postgresql_where=text("replayed_at IS NULL")),
    )
    once = Table(
        "once",
        metadata,
        Column("scope", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("answer", Text, nullable=False),
        Column("answered_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("scope", "key"),
    )
    deadline = Table(
        "deadline",
        metadata,
        Column("kind", Text, nullable=False),
        Column("subject_id", Text, nullable=False),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("payload", Text, nullable=False, server_default="{}"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("cause", Text, comment="why the last attempt failed"),
        PrimaryKeyConstraint("kind", "subject_id"),
        Index("ix_deadline_due_at", "due_at"),
    )
    return PlatformTables(outbox=outbox, inbox=inbox, parked=parked, once=once, deadline=deadline)
