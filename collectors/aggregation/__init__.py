"""Adds up records by system, model, operation and UTC day, and counts each exactly once."""
