"""Use cases on personal accounts: monthly credits, yearly interest, family sharing, closing, statement."""
