"""Tables, repositories, and clients of the other services."""
