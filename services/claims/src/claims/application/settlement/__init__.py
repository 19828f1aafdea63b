"""Use cases on settlements."""
