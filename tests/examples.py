"""How many examples of a property are tried: each run has others, so that many runs see as much as a long one."""

from __future__ import annotations

import os

_SHARE = float(os.environ.get("LEVERWATCH_EXAMPLES", "0.1"))
"""`make test-all` asks for all of them."""


def examples(number: int, least: int = 5) -> int:
    """How many of so many examples are tried."""
    return max(least, round(number * _SHARE))
