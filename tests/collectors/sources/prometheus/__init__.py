"""Tests of counters in a real Prometheus and a real VictoriaMetrics."""
