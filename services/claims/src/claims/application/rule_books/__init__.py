"""The life of a rule book: submit, lint, shadow-run, approve, make effective, retire; and what is in force, in every process."""
