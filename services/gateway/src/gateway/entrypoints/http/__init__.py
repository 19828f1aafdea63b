"""The one-window API."""
