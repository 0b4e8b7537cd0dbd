"""Framings, which find the ends of records, and wrappers that other programs put around records."""
