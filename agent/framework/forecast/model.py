"""The values that the forecast takes and gives."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct

from leverwatch.agent.framework.model import Boundary


class Method(StrEnum):
    """The forecast methods."""

    RUN_RATE = "run-rate-28"
    """Each coming week is forecast as the mean of the last four."""
    TREND = "theil-sen-13w-damped"
    """A robust trend on the logarithms of up to 13 weekly totals, fading by 2% a day."""


class Direction(StrEnum):
    """Whether a threshold is reached from below or from above."""

    UP = "up"
    DOWN = "down"


class Target(Struct, frozen=True, gc=False):
    """A threshold that volume may reach."""

    boundary: Boundary
    direction: Direction
    volume: float
    """Monthly inferences."""


class Score(Struct, frozen=True, gc=False):
    """The errors of one method at the past origins, four weeks ahead. A log error is log(actual / forecast)."""

    method: Method
    origins: int
    mase: float | None
    """Mean absolute scaled error: the mean absolute error divided by that of the seasonal naive forecast (the last
    week repeated) at the same origins; below 1 is better than naive. None when the naive error is 0 or unknown."""
    median_error: float | None
    """Median absolute log error; for small values about the relative error."""
    bias: float | None
    """Mean log error; positive when the forecasts were too low."""


class Outlook(Struct, frozen=True, gc=False):
    """The forecast of when volume reaches one threshold."""

    target: Target
    expected: date | None
    """The expected day; None: not within the horizon, or there is no forecast."""
    earliest: date | None
    """The day on which the nearer end of the interval reaches the threshold; None as for `expected`."""
    latest: date | None
    probability: float | None
    """Probability that it is reached within the horizon, 0 to 1; None with too few past forecasts."""


class Forecast(Struct, frozen=True):
    """The forecast for one system on one day."""

    as_of: date
    """The newest covered day."""
    method: Method
    weeks: int
    """Complete weeks of history."""
    monthly_inferences: float | None
    """Month-equivalent of the last four weeks; None when they are not complete, and then there is no forecast."""
    scores: tuple[Score, ...]
    """The scores of both methods, in the order of `Method`."""
    known_origins: int
    """How many past forecasts of the chosen method the interval is computed from."""
    coverage: float | None
    """Share of past outcomes within the interval drawn before they were known; None without such outcomes."""
    coverage_origins: int
    """The number of outcomes that `coverage` is a share of."""
    level_shift: date | None
    """First day of the week of the last level shift, from which the trend is computed; None without a shift."""
    error_widths: tuple[float, ...] | None = None
    """Half the width of the interval of log errors 4, 8 and 13 weeks ahead; None with too few past forecasts, and
    then there are no earliest and latest days."""
    volumes: tuple[float, ...] = ()
    """Monthly inferences now and after each coming week up to the horizon; empty without a forecast."""
    outlooks: tuple[Outlook, ...] = ()
    """In the order of the targets."""
