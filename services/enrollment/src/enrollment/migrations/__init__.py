"""The schema of enrollment, step by step."""
