"""What training takes: memory and time, measured."""
