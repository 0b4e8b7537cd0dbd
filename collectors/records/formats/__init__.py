"""Formats of usage logs: they turn records into rows of values."""
