"""Usage logs in files: read on from a durable position, decoded by a named format, added up by day."""
