"""What the compiled helper leaves to Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Ingest


def left_lines(read: Callable[[], Any]) -> int:
    """Read the file as a run does; give how many of its lines the compiled helper left to Python."""
    lines = 0
    rows = Ingest._count_rows

    def counting(ingest: Ingest, data: bytes, header: bytes | None) -> Any:
        nonlocal lines
        lines += data.count(b"\n")
        return rows(ingest, data, header)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ingest, "_count_rows", counting)
        read()
    return lines
