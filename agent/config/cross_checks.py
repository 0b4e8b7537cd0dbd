"""The part of the configuration about sources that compare with an authoritative one."""

from __future__ import annotations

from pydantic import Field

from leverwatch.agent.config.numbers import Number, Whole
from leverwatch.agent.framework.cross_check import WINDOW_DAYS, CrossCheckSettings
from leverwatch.collectors.config import Model

_DEFAULTS = CrossCheckSettings()


class CrossChecksConfig(Model):
    """When a source that only compares diverges from the authoritative one."""

    tolerance_ratio: Number = Field(
        default=_DEFAULTS.tolerance_ratio,
        ge=0,
        lt=1,
        description="Share of the larger number of a day by which two sources may differ.",
        examples=[0.02],
    )
    least_inferences: Number = Field(
        default=_DEFAULTS.least_inferences,
        ge=0,
        description="Inferences by which the days that diverge must differ in sum.",
        examples=[100],
    )
    days: Whole = Field(
        default=_DEFAULTS.days,
        ge=1,
        le=WINDOW_DAYS,
        description="Days in a row, up to the newest one that both know whole, that must diverge.",
        examples=[2],
    )

    def to_settings(self) -> CrossCheckSettings:
        """Return them as settings of the framework."""
        return CrossCheckSettings(**dict(self))
