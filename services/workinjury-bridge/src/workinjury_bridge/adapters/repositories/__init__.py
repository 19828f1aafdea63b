"""The bridge's own tables, read and written with SQLAlchemy Core inside the caller's transaction: one aggregate a file."""
