"""What can be asked of enrollment, one use case a file."""
