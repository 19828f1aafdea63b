"""Use cases of treatment out of the area (B8)."""
