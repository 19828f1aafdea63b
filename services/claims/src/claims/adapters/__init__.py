"""What claims talks to: its tables, other services."""
