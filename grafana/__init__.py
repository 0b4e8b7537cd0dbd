"""The Grafana dashboards, as a table of panels and what turns it into JSON."""
