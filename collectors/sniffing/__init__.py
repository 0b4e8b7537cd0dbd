"""Names the format of an unknown log, and proposes a field map for one that has no name."""
