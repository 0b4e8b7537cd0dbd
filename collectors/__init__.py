"""Collectors: each turns one kind of source into batches of records. They know nothing of the agent."""
