"""Doors of claims: the HIS dialect, REST, events, deadlines."""
