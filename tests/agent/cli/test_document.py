from __future__ import annotations

import os
from pathlib import Path

from leverwatch.agent.cli.document import with_commands
from leverwatch.agent.cli.main import main

PAGE = Path(__file__).parents[3] / "docs/cli.md"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    current = PAGE.read_text()
    wanted = with_commands(current, main)
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        PAGE.write_text(wanted)
        return

    assert current == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 rewrites it"
