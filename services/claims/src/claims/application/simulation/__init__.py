"""Simulation: rules against rules over past claims."""
