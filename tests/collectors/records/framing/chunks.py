"""Reads bytes through a framing as the tail does, cut into any chunks."""

from __future__ import annotations

from collections.abc import Iterable

from leverwatch.collectors.records.formats.interface import Framing


def records(framing: Framing, chunks: Iterable[bytes]) -> tuple[list[bytes], list[int], int, int]:
    """Records, the line of each, refusals, and lines that are no records."""
    found: list[bytes] = []
    lines: list[int] = []
    refused, ignored, line = 0, 0, 0
    pending = b""

    def take(data: bytes) -> None:
        nonlocal refused, ignored, line
        units = framing.split(data)
        found.extend(units.units)
        lines.extend(line + units.line_of(index) for index in range(len(units.units)))
        refused += len(units.refused)
        ignored += units.ignored
        line += framing.count(data)

    for chunk in chunks:
        pending += chunk
        cut = framing.complete(pending, final=False)
        if cut:
            take(pending[:cut])
            pending = pending[cut:]
    cut = framing.complete(pending, final=True)
    take(pending[:cut])
    if pending[cut:]:
        take(pending[cut:])
    return found, lines, refused, ignored


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The bytes in pieces that end at these places."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
