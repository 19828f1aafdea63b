"""Fixtures and settings for every test."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures_stack"]

# how long an example takes says something about the machine and what else it does, nothing about the product
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
