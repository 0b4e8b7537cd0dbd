"""The configuration of a `files` source."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from collectors.config import Duration, SourceConfig
from collectors.files.decoder import build_format
from collectors.files.fields import parse_template
from collectors.files.format_config import FileFormat
from collectors.files.times import zone_named


class FilesConfig(SourceConfig):
    """Usage logs in files."""

    type: Literal["files"] = "files"
    path: str | tuple[str, ...] = Field(
        description=(
            "Glob, or several; relative to the configuration file. `**` matches folders at any depth up to 32, "
            "and none through links."
        ),
        examples=["logs/*.jsonl"],
    )
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
    quiet_after: Duration = Field(
        default=timedelta(minutes=5),
        description="An unterminated last line counts once its file was quiet for this long.",
    )
    future_tolerance: Duration = Field(
        default=timedelta(minutes=10), description="How far clocks may drift before a record is from the future."
    )
    timezone: str = Field(default="UTC", description="What times without a zone mean.")
    follow_rotated: bool = Field(
        default=True, description="Finish files that rotation moved out of the glob, in the same folder."
    )

    @field_validator("path")
    @classmethod
    def _path_is_not_empty(cls, path: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not path or any(not part for part in ([path] if isinstance(path, str) else path)):
            raise ValueError("needs a path")
        if "\0" in "".join(path):
            raise ValueError("no path has a NUL")
        return path

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
    def _template_paths_are_sound(self) -> FilesConfig:
        build_format(self.format, parse_template(self.system).paths)
        return self

    def declared_systems(self) -> frozenset[str]:
        """The constant system, when there is one."""
        constant = parse_template(self.system).constant
        return frozenset() if constant is None else frozenset({constant})

    def counts_usage(self) -> bool:
        """A usage log counts."""
        return True
