"""The settings of every source that is asked for whole days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from pydantic import Field, field_validator

from leverwatch.collectors.config import Duration, SourceConfig
from leverwatch.collectors.records.system_config import declared_by, doubts_of, names_others

_DAY = timedelta(days=1)


class DailyConfig(SourceConfig):
    """Settings of a source that is asked for whole days."""

    LOOK_AT: ClassVar[str] = "the settings that say what counts"
    """What to look at when a day has nothing that should have something, in words."""

    interval: Duration = Field(
        default=timedelta(hours=1), description="Pause between two runs of the collector.", examples=["1h"]
    )
    history: Duration = Field(
        default=timedelta(days=90), description="How far back days are asked for, once.", examples=["400d"]
    )
    lookback: Duration = Field(
        default=timedelta(days=3),
        description="The last days are asked for in every run, as rows may arrive late; whole days.",
        examples=["7d"],
    )
    ready_after: Duration = Field(
        default=timedelta(hours=1),
        description="How long after its end a day is taken for over: rows are written with some delay.",
        examples=["6h"],
    )
    queries_per_hour: int = Field(
        default=60, ge=1, le=100_000, description="The most questions within an hour; the rest waits."
    )
    timeout: Duration = Field(
        default=timedelta(minutes=2), description="The longest that one question may take.", examples=["2m"]
    )
    authoritative: bool = Field(
        default=False, description="This source counts when another one may see the same traffic."
    )

    @field_validator("history", "lookback")
    @classmethod
    def _whole_days(cls, value: timedelta) -> timedelta:
        if value < _DAY or value % _DAY:
            raise ValueError("must be whole days, one or more")
        return value

    @field_validator("ready_after", "timeout")
    @classmethod
    def _some_time(cls, value: timedelta) -> timedelta:
        if value > _DAY * 7:
            raise ValueError("must be at most a week")
        return value

    @field_validator("timeout")
    @classmethod
    def _time_to_answer(cls, value: timedelta) -> timedelta:
        # To some servers, none is no limit.
        if not value:
            raise ValueError("must be more than 0s")
        return value

    def declared_systems(self) -> frozenset[str]:
        """The systems that the settings name as they are."""
        return declared_by(self._system)

    def names_others(self) -> bool:
        """Whether what is counted may name others."""
        return names_others(self._system)

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each rule for the system that never fits."""
        yield from ((("system",), why) for why in doubts_of(self._system))

    @property
    def _system(self) -> str:
        system: str = getattr(self, "system")  # noqa: B009 each type has the setting, with its own words about it
        return system

    def counts_usage(self) -> bool:
        """Whether the source counts inferences: it does."""
        return True

    def is_authoritative(self) -> bool:
        """Whether the source counts where others may see the same traffic."""
        return self.authoritative

    def waits_for_others(self) -> bool:
        """Whether a run may wait for another machine: always."""
        return True
