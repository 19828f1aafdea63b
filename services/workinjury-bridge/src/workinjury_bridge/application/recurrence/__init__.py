"""Use cases of the recurrence of an old injury (B9)."""
