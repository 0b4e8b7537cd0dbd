"""All styles, in the order of their files."""

from __future__ import annotations

from . import (
    events,
    exports,
    frameworks,
    fresh_bots,
    fresh_databases,
    fresh_pipelines,
    fresh_services,
    fresh_unclear,
    loggers,
    no_logs,
    sdk_wrappers,
    spreadsheets,
    units,
)
from .style import STYLES as _EVERY
from .style import Style

MODULES = (sdk_wrappers, frameworks, loggers, events, units, spreadsheets, exports, no_logs)
"""Each adds its styles when it is imported."""

FRESH_MODULES = (fresh_services, fresh_bots, fresh_databases, fresh_pipelines, fresh_unclear)
"""Those of the forty that came later."""

_FRESH_NAMES = {module.__name__ for module in FRESH_MODULES}
STYLES: list[Style] = [style for style in _EVERY if style.write.__module__ not in _FRESH_NAMES]
FRESH_STYLES: list[Style] = [style for style in _EVERY if style.write.__module__ in _FRESH_NAMES]

__all__ = ["FRESH_MODULES", "FRESH_STYLES", "MODULES", "STYLES", "Style"]
