"""All styles, in the order of their files."""

from __future__ import annotations

from . import events, exports, frameworks, loggers, no_logs, sdk_wrappers, spreadsheets, units
from .style import STYLES, Style

MODULES = (sdk_wrappers, frameworks, loggers, events, units, spreadsheets, exports, no_logs)
"""Each adds its styles when it is imported."""

__all__ = ["MODULES", "STYLES", "Style"]
