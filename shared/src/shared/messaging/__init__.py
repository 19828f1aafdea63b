"""Events on their way: outbox and relay, bus, inbox and runner, parked events."""
