"""Devstack: embedded PostgreSQL, broker and all services on one machine, without Docker."""
