"""Adds records up by system, model, operation and UTC day, each exactly once."""
