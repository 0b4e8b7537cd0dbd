"""Runs the command `leverwatch`, as `python -m leverwatch`."""

from leverwatch.agent.cli.entry import command

command()
