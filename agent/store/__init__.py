"""The store: counts, prompt changes, verdicts and the durable state of sources, in SQLite or PostgreSQL."""
