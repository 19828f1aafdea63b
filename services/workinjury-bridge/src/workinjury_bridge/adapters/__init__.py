"""The bridge's tables, its repositories, its rule book on disk, and the client of claims."""
