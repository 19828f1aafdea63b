"""REST doors of claims."""
