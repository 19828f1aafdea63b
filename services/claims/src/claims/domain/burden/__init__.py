"""Burden watch (因病致贫预警, S30): what persons and households bear in a year, against lines, before anyone applies."""
