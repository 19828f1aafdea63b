"""Enrollment: persons, employers, coverage periods and the premiums that pay for them."""
