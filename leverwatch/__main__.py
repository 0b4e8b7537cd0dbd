"""Runs the command `leverwatch`, as `python -m leverwatch`."""

from leverwatch.agent.cli.main import main

main()
