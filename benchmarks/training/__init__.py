"""What training takes: memory, measured beside what was estimated."""
