"""Puts the part of a page of the documentation that is generated in its place."""

from __future__ import annotations


def with_part(page: str, begin: str, end: str, part: str) -> str:
    """Return the page with what is between its two marks replaced by a part, which ends in a line break.

    Raises:
        ValueError: the page lacks the marks of the generated part.
    """
    before, has_begin, rest = page.partition(begin)
    _, has_end, after = rest.partition(end)
    if not has_begin or not has_end:
        raise ValueError(f"the page needs the lines {begin} and {end}")
    return f"{before}{begin}\n\n{part}\n{end}{after}"
