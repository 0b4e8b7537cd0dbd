"""The values that the forecast takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from leverwatch.agent.framework.model import Boundary


class Method(StrEnum):
    """How the coming weeks are foretold."""

    RUN_RATE = "run-rate-28"
    """The next weeks are like the mean of the last four."""
    TREND = "theil-sen-13w-damped"
    """A robust trend on the logarithms of up to 13 weekly totals, fading by 2% a day."""


class Direction(StrEnum):
    """From which side a threshold is reached."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """How far the forecast looks, and when it keeps silent."""

    horizon_weeks: int = 13
    """Crossings later than this are not foretold."""
    interval: float = 0.8
    """Share of outcomes that the interval is to hold."""
    minimum_weeks: int = 16
    """Weeks of history below which the run-rate is taken without a comparison."""
    minimum_origins: int = 12
    """Past forecasts with a known outcome below which no probability is given."""


@dataclass(frozen=True, slots=True)
class Target:
    """A threshold that volume may reach."""

    boundary: Boundary
    direction: Direction
    volume: float
    """Monthly inferences."""


@dataclass(frozen=True, slots=True)
class Score:
    """How one method did at the past origins. Four weeks ahead, errors are log(actual / foretold)."""

    method: Method
    origins: int
    mase: float | None
    """Mean absolute error over that of the last week repeated (the seasonal naive forecast) at the same origins;
    below 1 is better than that. None without an error to compare with."""
    median_error: float | None
    """Median absolute log error, about a relative error."""
    bias: float | None
    """Mean log error; above 0 the forecasts were too low."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """When volume will reach one threshold."""

    target: Target
    expected: date | None
    """None: not within the horizon, or nothing is foretold."""
    earliest: date | None
    """At the favourable end of the interval."""
    latest: date | None
    probability: float | None
    """That it is reached within the horizon; None with too few past forecasts to say."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is foretold for one system on one day."""

    as_of: date
    """The newest covered day."""
    method: Method
    weeks: int
    """Complete weeks of history."""
    monthly_inferences: float | None
    """Month-equivalent of the last four weeks; None when they are not complete, and then nothing is foretold."""
    scores: tuple[Score, ...]
    """Of both methods, in the order of `Method`."""
    known_origins: int
    """Past forecasts of the chosen method that the interval rests on."""
    coverage: float | None
    """Share of past outcomes within the interval that was drawn before they were known; None without any."""
    coverage_origins: int
    """Outcomes that `coverage` is a share of."""
    level_shift: date | None
    """First day of the week on which the level jumped last; the trend starts there."""
    error_widths: tuple[float, ...] | None = None
    """Half the interval of log errors 4, 8 and 13 weeks ahead; None: too few past forecasts, and so no earliest
    and latest dates."""
    volumes: tuple[float, ...] = ()
    """Monthly inferences now and after each coming week up to the horizon; empty when nothing is foretold."""
    outlooks: tuple[Outlook, ...] = ()
    """In the order of the targets."""
