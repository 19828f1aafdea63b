"""The stores of enrollment on PostgreSQL, sealing, tariff files."""
