"""Use cases on visits: registration, diagnoses, fee lines, stays."""
