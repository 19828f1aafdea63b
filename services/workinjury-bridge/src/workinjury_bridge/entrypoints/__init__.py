"""HTTP, events, deadlines and jobs: each translates and calls one use case."""
