"""Use cases of claims, one a file, and the ports they need."""
