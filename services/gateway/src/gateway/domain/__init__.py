"""Rules of the one window: matters, clocks, receipts, signatures, timeline. Pure."""
