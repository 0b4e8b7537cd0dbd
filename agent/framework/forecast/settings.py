"""The settings of the forecast."""

from __future__ import annotations

from msgspec import Struct


class ForecastSettings(Struct, frozen=True):
    """The horizon of the forecast, and how much history it needs."""

    horizon_weeks: int = 13
    """Crossings later than this many weeks ahead are not forecast."""
    interval: float = 0.8
    """The share of outcomes that the interval should contain."""
    minimum_weeks: int = 16
    """With fewer weeks of history, the run-rate is used without comparing the methods."""
    minimum_origins: int = 12
    """With fewer past forecasts whose outcome is known, no probability is given."""
