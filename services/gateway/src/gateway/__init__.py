"""Gateway: one window, HIS ingress, matters, timeline, ledger queries and the console."""
