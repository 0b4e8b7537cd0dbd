"""Counts that are metrics already: asks a server with the HTTP API of Prometheus how counters grew by day."""
