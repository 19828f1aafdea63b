"""Documents made from the code: OpenAPI of every service, AsyncAPI 3 a JSON Schema of every event and of every kind of rule file (docs/contracts)."""
