"""Advances and debts: applied for, demanded, received, given up (reference B6, B7, B0.6)."""
