"""The Helm chart, and the tool that writes what in it is made from other files."""
