"""Dated data that the gateway reads: the catalogue of matters, roles and their scopes."""
