"""Treatment out of the pooling area (异地就医; reference B8)."""
