"""HIS messages: authenticated, limited, and passed on as bytes."""
