"""What the configuration of every source has in common. Each source adds its own model beside its collector."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")


def parse_duration(value: Any) -> Any:
    """Turn `90s`, `5m`, `1h30m` or `7d` (Prometheus' notation) into a timedelta.

    Raises:
        ValueError: a number without a unit, or anything else that is no duration.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and _DURATION.fullmatch(value):
        parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhdw])", value)
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    raise ValueError('a duration needs a unit, such as "30s", "5m", "1h30m" or "7d"')


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["30s", "5m", "1h30m"]}),
]
"""A span of time, written with its unit."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=100)]
"""A name that ends up as a label value: letters, digits and `._/-`."""


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceConfig(Model):
    """Settings that every source has."""

    name: Name = Field(description="Unique name of the source; the `source` label of its metrics.")
    type: str
    interval: Duration = Field(
        default=timedelta(minutes=1), description="Pause between two runs of the collector.", examples=["1m"]
    )

    def declared_systems(self) -> frozenset[str]:
        """Systems this source is known to feed before anything was read."""
        return frozenset()

    def counts_usage(self) -> bool:
        """Whether the source counts inferences."""
        return False

    def is_authoritative(self) -> bool:
        """Whether the source counts where others may see the same traffic."""
        return False

    def watches_prompts(self) -> bool:
        """Whether the source reports prompt changes."""
        return False

    def waits_for_others(self) -> bool:
        """Whether a run may wait for another machine."""
        return False
