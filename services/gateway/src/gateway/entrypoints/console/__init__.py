"""The console: pages for the people of the bureau. A client of the gateway's REST API, and of nothing else (docs/console.md)."""
