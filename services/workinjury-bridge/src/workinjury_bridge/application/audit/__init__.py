"""What an audit takes back from a hospital (B12)."""
