"""The life of a rule book: from a draft to the rules that settle, and what was in force when (pure)."""
