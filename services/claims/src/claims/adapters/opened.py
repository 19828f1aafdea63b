"""The transaction behind the ``Tx`` that use cases pass on."""

from __future__ import annotations

from shared.db.database import SqlTx
from shared.transactions import Tx


def opened(tx: Tx) -> SqlTx:
    """The SQL transaction that ``Database.transaction`` opened. TypeError for any other."""
    if not isinstance(tx, SqlTx):
        raise TypeError(f"{type(tx).__name__} is no SQL transaction")
    return tx
