"""What can be asked of the bridge, one use case a file, and how it reacts to foreign facts."""
