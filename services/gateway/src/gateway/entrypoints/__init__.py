"""HTTP, HIS messages, events and jobs: translate and call one use case."""
