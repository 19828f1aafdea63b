"""Use cases of the gateway, one a file."""
