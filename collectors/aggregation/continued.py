"""Reads records that go on with a group of records which another file ends with."""

from __future__ import annotations

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Format, Parsed

_REQUEST = FIELD_INDEX["request_id"]


def parse_behind(format_: Format, before: bytes, data: bytes, header: bytes | None) -> Parsed:
    """Return what records tell, given those `before` them, which had their results.

    The group counts as a later version of the call that it was; where that has no id, it is not read again.
    """
    if not before:
        return format_.parse(data, header)
    had = format_.parse(before, header)
    if len(had.rows) != 1 or had.rows[0][_REQUEST] is None:
        return format_.parse(data, header)
    parsed, skipped = format_.parse(before + data, header), before.count(b"\n")
    parts = parsed.passed.get(Result.PART, 0) - had.passed.get(Result.PART, 0)
    if parts < 1:
        return format_.parse(data, header)
    # All of it is one call, the row of which stands for one of the new parts.
    parsed.passed[Result.PART] = parts - 1
    parsed.ignored -= had.ignored
    known = len(had.refused)
    lines = range(len(parsed.rows)) if parsed.lines is None else parsed.lines
    parsed.lines = [max(0, line - skipped) for line in lines]
    parsed.refused = [(line - skipped, result, why) for line, result, why in parsed.refused[known:]]
    return parsed
