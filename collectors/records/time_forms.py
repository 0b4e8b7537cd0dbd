"""Reads times that stand among other signs, as in the id of a run, by a format with stars. Pure.

`run_%Y%m%dT%H%M%S_*` is a format in which a star, first or last, stands for any signs.
"""

from __future__ import annotations

import re
from functools import lru_cache

ANY = "*"
_DIGITS = {
    "%Y": r"\d{4}", "%m": r"\d\d", "%d": r"\d\d", "%H": r"\d\d", "%M": r"\d\d", "%S": r"\d\d", "%y": r"\d\d",
    "%f": r"\d{1,6}", "%z": r"(?:Z|[+-]\d\d:?\d\d)",
}  # fmt: skip
_SIGN = re.compile(r"%.|[^%]", re.DOTALL)


def has_stars(form: str) -> bool:
    """Whether a format begins or ends with a star."""
    return form.startswith(ANY) or form.endswith(ANY)


def bare(form: str) -> str:
    """Return a format without its stars."""
    return form.removeprefix(ANY).removesuffix(ANY)


def inside(text: str, form: str) -> str | None:
    """Return the part of a text that a format with stars is of; None where it has none."""
    pattern = _pattern(form)
    found = None if pattern is None else pattern.fullmatch(text)
    return None if found is None else found[1]


@lru_cache(maxsize=256)
def _pattern(form: str) -> re.Pattern[str] | None:
    inner, signs = "", _SIGN.findall(bare(form))
    for sign in signs:
        part = _DIGITS.get(sign) if sign.startswith("%") else re.escape(sign)
        if part is None:
            return None
        inner += part
    if not signs:
        return None
    # A figure beside its own would be one of another number.
    before = (r".*?(?<!\d)" if signs[0][0] == "%" else ".*?") if form.startswith(ANY) else ""
    behind = (r"(?!\d).*" if signs[-1][0] == "%" else ".*") if form.endswith(ANY) else ""
    return re.compile(f"{before}({inner}){behind}", re.ASCII | re.DOTALL)


def is_of_figures(form: str) -> bool:
    """Whether a format with stars has only signs that are figures or a zone, as it must."""
    return _pattern(form) is not None
