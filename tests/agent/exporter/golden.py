"""Files of expected output: compared, or rewritten when LEVERWATCH_UPDATE_GOLDEN is 1."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden"


def assert_golden(name: str, actual: bytes) -> None:
    """The output equals the file of that name in tests/golden."""
    path = GOLDEN / name
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN") == "1":
        path.write_bytes(actual)
    assert actual.decode() == path.read_bytes().decode(), "set LEVERWATCH_UPDATE_GOLDEN=1 to accept the change"
