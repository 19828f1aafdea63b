"""Use cases of the burden watch."""
