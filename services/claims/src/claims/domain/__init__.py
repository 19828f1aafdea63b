"""Pure values and rules of claims: no I/O, no clock, no SQL."""
