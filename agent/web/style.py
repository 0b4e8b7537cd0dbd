"""The style sheet of every page."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files


@cache
def style() -> str:
    """The style sheet of every page, as it stands in the page."""
    # As a template has it, whose last newline is no part of it.
    return (files("leverwatch.agent.web") / "templates" / "status.css").read_text("utf-8").removesuffix("\n")


@cache
def style_source() -> str:
    """The source expression of the Content-Security-Policy that allows only the style sheet of the pages."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(style().encode()).digest()).decode() + "'"
