"""Claims: adjudication, accumulators, the HIS dialect and the books of the medical funds."""
