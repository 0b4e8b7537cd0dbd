"""`python -m agent` is `leverwatch`."""

from agent.cli.main import main

main()
