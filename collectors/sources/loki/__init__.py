"""Asks Loki how many lines of a log there were on whole days."""
