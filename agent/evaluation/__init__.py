"""Reads facts from the store, has the framework decide, and builds the snapshot that everything shows."""
