"""Use cases on medical assistance by application."""
