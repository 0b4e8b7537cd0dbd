"""Turns immutable snapshots into Prometheus metrics."""
