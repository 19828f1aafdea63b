"""Documents made from the code: OpenAPI of every service, AsyncAPI 3 and a JSON Schema of every event (docs/contracts)."""
