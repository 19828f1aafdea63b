"""Use cases on institutions, the catalogue and insured persons."""
