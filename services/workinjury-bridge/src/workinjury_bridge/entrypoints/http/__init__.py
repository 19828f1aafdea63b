"""The REST interface of the bridge."""
