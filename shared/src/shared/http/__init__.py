"""HTTP: the application every service answers with, problems, pages, callers, and the client between services."""
