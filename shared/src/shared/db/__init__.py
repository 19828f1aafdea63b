"""The database of a service: transactions, idempotent commands, deadlines, migrations."""
