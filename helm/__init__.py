"""The Helm chart, and the tool that generates some of its files."""
