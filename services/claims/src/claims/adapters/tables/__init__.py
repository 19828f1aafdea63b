"""The tables of claims, by subject; one metadata, so that migrations see them all."""

from sqlalchemy import MetaData

from shared.db.tables import NAMING, platform_tables
from shared.ledger.tables import ledger_tables

metadata = MetaData(naming_convention=NAMING)
PLATFORM = platform_tables(metadata)
LEDGER = ledger_tables(metadata)
