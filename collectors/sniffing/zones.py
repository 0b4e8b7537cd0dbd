"""Says which time zone the letters beside a time, or in the name of a column, may mean. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

NO_ZONE = "has no zone; set timezone unless it is UTC"
_NAIVE = re.compile(r"[\d:., T-]{10}[\d:., T]*")
_ZONES: Mapping[str, str] = {
    "IST": "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
    "CST": "America/Chicago or Asia/Shanghai",
    "BST": "Europe/London or Asia/Dhaka",
    "AST": "America/Halifax or Asia/Riyadh",
    "GST": "Asia/Dubai or Atlantic/South_Georgia",
    "EST": "America/New_York", "EDT": "America/New_York", "CDT": "America/Chicago", "MST": "America/Denver",
    "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin", "EET": "Europe/Helsinki",
    "EEST": "Europe/Helsinki", "MSK": "Europe/Moscow", "TRT": "Europe/Istanbul", "SAST": "Africa/Johannesburg",
    "WAT": "Africa/Lagos", "EAT": "Africa/Nairobi", "PKT": "Asia/Karachi", "NPT": "Asia/Kathmandu",
    "ICT": "Asia/Bangkok", "WIB": "Asia/Jakarta", "SGT": "Asia/Singapore", "MYT": "Asia/Kuala_Lumpur",
    "PHT": "Asia/Manila", "HKT": "Asia/Hong_Kong", "JST": "Asia/Tokyo", "KST": "Asia/Seoul",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "AWST": "Australia/Perth", "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland", "BRT": "America/Sao_Paulo", "ART": "America/Argentina/Buenos_Aires",
}  # fmt: skip
"""What letters stand for where those who write logs live; several zones have the same ones."""
_NAMED = re.compile(
    rb"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)? ?\(?(" + "|".join(_ZONES).encode() + rb")(?![A-Za-z0-9_])"
)
_LOOKED_AT, _FAR = 200, 300


def zone_of_name(words: Sequence[str]) -> str:
    """Return what is said of times without a zone, by the words of the name of their column."""
    letters = next((word.upper() for word in words if word.upper() in _ZONES), None)
    return NO_ZONE if letters is None else _said(letters)


def zone_of_lines(lines: Sequence[bytes]) -> str | None:
    """Return what is said of the letters behind the times of most lines; None where there are none."""
    found = Counter(match[1] for line in lines[:_LOOKED_AT] if (match := _NAMED.search(line, 0, _FAR)))
    if not found or 2 * found.total() < len(lines[:_LOOKED_AT]):
        return None
    return "; ".join(_said(letters.decode()) for letters, _ in found.most_common())


def _said(letters: str) -> str:
    zones = _ZONES[letters]
    which = "may be" if " or " in zones else "is"
    return (
        f"{letters} is said beside it, which {which} {zones}, and it is read as UTC: set timezone, as calls near"
        " midnight are on another day otherwise"
    )


def notes_on_naive(times: Iterable[str]) -> list[str]:
    """Return the note on times of lines, of which one at least has no zone; none where all have one."""
    return [f"time: {NO_ZONE}"] if any(map(_NAIVE.fullmatch, times)) else []
