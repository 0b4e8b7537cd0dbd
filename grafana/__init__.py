"""The Grafana dashboards: tables of panels, and the code that turns them into JSON."""
