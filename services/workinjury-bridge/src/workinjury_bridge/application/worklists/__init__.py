"""Worklists and figures over many cases."""
