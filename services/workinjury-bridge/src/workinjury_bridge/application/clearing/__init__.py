"""Use cases of the month-end clearing between funds (B13)."""
