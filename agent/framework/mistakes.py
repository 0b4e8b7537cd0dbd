"""The settings of the three mistakes and of locked-in evidence, together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from leverwatch.agent.framework.baselines import BaselineSettings
from leverwatch.agent.framework.locked_in import LockedInSettings
from leverwatch.agent.framework.overengineering import OverengineeringSettings
from leverwatch.agent.framework.review import ReviewSettings
from leverwatch.agent.framework.shutdowns import ShutdownSettings


@dataclass(frozen=True, slots=True)
class MistakeSettings:
    """The settings of everything that is watched in addition to the five rules."""

    baselines: BaselineSettings = field(default_factory=BaselineSettings)
    over_engineering: OverengineeringSettings = field(default_factory=OverengineeringSettings)
    reviews: ReviewSettings = field(default_factory=ReviewSettings)
    shutdowns: ShutdownSettings = field(default_factory=ShutdownSettings)
    locked_in: LockedInSettings = field(default_factory=LockedInSettings)
    last_days: Mapping[str, date] = field(default_factory=dict)
    """Configured shutdown days, by model name or glob."""
    tuned_models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Globs of fine-tuned models by system, in addition to those for all systems."""
