"""Recognises the format of an unknown log, or proposes a field map for it."""
