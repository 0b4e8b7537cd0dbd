"""Usage logs in files: followed from a durable position, decoded by a named format, rolled up by day."""
