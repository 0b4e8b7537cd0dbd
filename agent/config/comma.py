"""Numbers that are written with a comma, as in 0,15 or 300,000,000: what they mean, and how to write them."""

from __future__ import annotations

import re

from msgspec import Struct

NO_COMMA = "must not hold a comma"
"""What is wrong with a number whose comma YAML took for the end of a value."""

_OF_A_NUMBER = re.compile(rf"\b(?P<whole>whole )?number\b|duration needs a unit|{NO_COMMA}")
_NUMBER = re.compile(r"([+-]?)([0-9][0-9_.,]*)\s*([A-Za-z%]{0,2})")
_BEFORE = re.compile(r"[+-]?[0-9][0-9_.]*")
_BEHIND = re.compile(r"[0-9][0-9_.]*\s*[A-Za-z%]{0,2}")
_BEFORE_POINT = re.compile(r"[0-9_]+|[0-9]{1,3}(\.[0-9]{3})+")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+")


class WithComma(Struct, frozen=True):
    """A number that is written with a comma."""

    point: str | None
    """The number when the comma is a decimal one: 0.15. None: it cannot be."""
    plain: str | None
    """The number when commas separate thousands: 300000000. None: they cannot."""

    @property
    def meant(self) -> str:
        """The likelier number."""
        return self.plain or self.point or ""


def read_comma(text: str) -> WithComma | None:
    """Return what a number with a comma may mean, with its unit; None when the text is none, or means nothing."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or "," not in found[2]:
        return None
    sign, body, unit = found.groups()
    whole, _, last = body.rpartition(",")
    if not last or not last[0].isdigit():
        return None
    plain = f"{sign}{body.replace(',', '')}{unit}"
    point = f"{sign}{whole.replace('.', '')}.{last}{unit}"
    may_be_decimal = _BEFORE_POINT.fullmatch(whole) is not None and "." not in last
    is_grouped = _THOUSANDS.fullmatch(body.partition(".")[0]) is not None and body.count(".") <= 1
    if not may_be_decimal and not is_grouped:
        return None
    return WithComma(point if may_be_decimal else None, plain if is_grouped else None)


def advice_for(reason: str, text: str) -> str:
    """Return what to write in place of a number with a comma, to stand behind the reason for which it is refused;
    nothing when the text is none, or the reason is not that it is no number."""
    wanted = _OF_A_NUMBER.search(reason)
    found = read_comma(text) if wanted else None
    if wanted is None or found is None:
        return ""
    point = None if wanted["whole"] else found.point
    if point and found.plain:
        return f"; write {point} with a decimal point, or {found.plain} for thousands"
    if found.plain:
        return f"; write {found.plain}, without a separator of thousands"
    return f"; write {point}, with a decimal point" if point else ""


def is_broken_off(before: str, behind: str) -> bool:
    """Whether two texts around a comma are the parts of one number: in YAML, a comma between { and } ends a value,
    so that 0,15 there is a 0 and a key 15 without a value."""
    return _BEFORE.fullmatch(before) is not None and _BEHIND.fullmatch(behind) is not None
