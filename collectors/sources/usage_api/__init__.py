"""Asks a provider, or a platform that watches calls, for usage and costs by day."""
