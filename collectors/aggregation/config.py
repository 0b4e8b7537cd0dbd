"""What every source that counts records one by one can be told."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, field_validator, model_validator

from collectors.config import Duration, SourceConfig
from collectors.records.decoder import build_format
from collectors.records.fields import parse_template
from collectors.records.format_config import FileFormat
from collectors.records.timestamps import zone_named


class CountingConfig(SourceConfig):
    """How records are read, attributed and freed of duplicates."""

    format: FileFormat = Field(
        description="Who wrote the log, or where in a line each value is.", examples=["litellm"]
    )
    system: str = Field(
        description="System of every record: a constant, or a template over record fields.",
        examples=["support-bot", "{team}-{app}"],
    )
    authoritative: bool = Field(
        default=False, description="This source counts when another one may see the same traffic."
    )
    dedupe_window: Duration = Field(
        default=timedelta(hours=1),
        description="Records with the same request id within this span of their own time count once; 0s: never.",
    )
    future_tolerance: Duration = Field(
        default=timedelta(minutes=10), description="How far clocks may drift before a record is from the future."
    )
    timezone: str = Field(default="UTC", description="What times without a zone mean.")

    @field_validator("system")
    @classmethod
    def _template_is_sound(cls, system: str) -> str:
        parse_template(system)
        return system

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, timezone: str) -> str:
        zone_named(timezone)
        return timezone

    @model_validator(mode="after")
    def _template_paths_are_sound(self) -> CountingConfig:
        build_format(self.format, parse_template(self.system).paths)
        return self

    def declared_systems(self) -> frozenset[str]:
        """The constant system, when there is one."""
        constant = parse_template(self.system).constant
        return frozenset() if constant is None else frozenset({constant})

    def counts_usage(self) -> bool:
        """Records of usage count."""
        return True
