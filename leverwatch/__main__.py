"""`python -m leverwatch` is the command `leverwatch`."""

from leverwatch.agent.cli.main import main

main()
