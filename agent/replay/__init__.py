"""Decides past days again, and turns the answers into a list of changes or into Prometheus history."""
