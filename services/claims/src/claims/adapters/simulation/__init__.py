"""Rules against rules over past claims: blocks that any process may work on, and what comes out of them."""
