"""Past claims in columns: Parquet files, one row a claim (docs/simulation.md)."""
