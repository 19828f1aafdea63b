"""The tables of a book: append-only journals, their lines, closed periods, the seal of the hash chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)


@dataclass(frozen=True, slots=True)
class LedgerTables:
    """Handles on the ledger's tables inside one service's metadata."""

    journal: Table
    line: Table
    period: Table
    seal: Table


def ledger_tables(metadata: MetaData) -> LedgerTables:
    """Define the ledger's tables in the metadata of a service that owns a book."""
    journal = Table(
        "journal",
        metadata,
        Column("entry_id", Text, primary_key=True),
        Column("seq", BigInteger, Identity(always=True), nullable=False),
        Column("book", Text, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("kind", Text, nullable=False),
        Column("memo", Text, nullable=False, server_default=""),
        Column("person_id", Text),
        Column("settlement_id", Text),
        Column("case_id", Text),
        Column("conversion_id", Text),
        Column("decision_version", Integer),
        Column("voucher_no", Text),
        Column("maker", Text, nullable=False),
        Column("checker", Text),
        Column("reverses", Text, comment="the journal that this one takes back"),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        CheckConstraint("checker IS NULL OR checker <> maker", name="four_eyes"),
        Index("ix_journal_book_seq", "book", "seq"),
        Index("ix_journal_settlement_id", "settlement_id", postgresql_where=text("settlement_id IS NOT NULL")),
        Index("ix_journal_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
        Index("uq_journal_reverses", "reverses", unique=True, postgresql_where=text("reverses IS NOT NULL")),
    )
    line = Table(
        "journal_line",
        metadata,
        Column("entry_id", Text, primary_key=True),
        Column("line_no", Integer, primary_key=True),
        Column("book", Text, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("account", Text, nullable=False),
        Column("dim", Text, nullable=False, server_default=""),
        Column("debit_fen", BigInteger, nullable=False),
        Column("credit_fen", BigInteger, nullable=False),
        CheckConstraint("(debit_fen > 0 AND credit_fen = 0) OR (credit_fen > 0 AND debit_fen = 0)", name="one_side"),
        Index("ix_journal_line_book_account", "book", "account", "booked_on"),
    )
    period = Table(
        "ledger_period",
        metadata,
        Column("book", Text, primary_key=True),
        Column("month", Text, primary_key=True, comment="YYYY-MM"),
        Column("closed_at", DateTime(timezone=True), nullable=False),
        Column("closed_by", Text, nullable=False),
        Column("proposed_by", Text, comment="the first of the two who closed it"),
        CheckConstraint("proposed_by <> closed_by", name="four_eyes"),
    )
    seal = Table(
        "journal_seal",
        metadata,
        Column("book", Text, primary_key=True),
        Column("seal_no", BigInteger, primary_key=True),
        Column("entry_id", Text, nullable=False, unique=True),
        Column("hash", Text, nullable=False, comment="SM3 over the hash before, and the journal's canonical text"),
        Column("sealed_at", DateTime(timezone=True), nullable=False),
    )
    return LedgerTables(journal=journal, line=line, period=period, seal=seal)


LEDGER_DDL: Final[tuple[str, ...]] = (
    """
    CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
    """,
    "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    "CREATE TRIGGER journal_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    "CREATE TRIGGER journal_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_seal FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    """
    CREATE FUNCTION ledger_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM new_rows n JOIN ledger_period p ON p.book = n.book AND p.month = to_char(n.booked_on, 'YYYY-MM')) THEN
        RAISE EXCEPTION 'the period is closed' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER journal_open_period AFTER INSERT ON journal REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger_open_period()",
    """
    CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM new_rows GROUP BY entry_id HAVING sum(debit_fen) <> sum(credit_fen)) THEN
        RAISE EXCEPTION 'a journal does not balance' USING ERRCODE = 'check_violation';
      END IF;
      IF EXISTS (SELECT 1 FROM new_rows n WHERE (SELECT j.book = n.book AND j.booked_on = n.booked_on FROM journal j WHERE j.entry_id = n.entry_id) IS NOT TRUE) THEN
        RAISE EXCEPTION 'a line without its journal, or of another book or day' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER journal_line_balanced AFTER INSERT ON journal_line REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger_balanced()",
)
"""Run by the migration that creates the tables: the database itself refuses what must not happen. The lines of a journal
are inserted in one statement, so that balance can be checked once per statement and not once per row. ``ledger_balanced``
also looks each line's journal up by its key, in place of a foreign key: a session plans such a look-up once, often while the
table is still small or just vacuumed empty, and would then read the whole journal for every line ever after."""

LEDGER_DDL_DROP: Final[tuple[str, ...]] = (
    "DROP FUNCTION ledger_balanced CASCADE",
    "DROP FUNCTION ledger_open_period CASCADE",
    "DROP FUNCTION ledger_append_only CASCADE",
)
