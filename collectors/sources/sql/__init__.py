"""Usage in tables of a database: added up there, by day."""
