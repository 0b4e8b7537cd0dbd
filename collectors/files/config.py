"""The configuration of a `files` source."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from collectors.config import Duration, Model, SourceConfig
from collectors.files.fields import parse_path, parse_template
from collectors.files.formats.jsonl import JsonLines


class FieldMap(Model):
    """Where a record has each value. A value that is not mapped, or that a record lacks, is unknown, not zero."""

    time: str = Field(min_length=1, description="Time of the call. Required.", examples=["ts"])
    model: str | None = Field(default=None, min_length=1, description="Model that served the call.")
    request_id: str | None = Field(
        default=None, min_length=1, description="Id that is the same when a record is delivered twice."
    )
    operation: str | None = Field(
        default=None, min_length=1, description="What was asked for; without it every record is a generation."
    )
    status: str | None = Field(
        default=None, min_length=1, description="Outcome: a word, an HTTP status or a boolean; success without it."
    )
    input_tokens: str | None = Field(default=None, min_length=1, description="Input tokens, cached ones included.")
    cached_input_tokens: str | None = Field(
        default=None, min_length=1, description="Input tokens read from the provider's prompt cache."
    )
    output_tokens: str | None = Field(default=None, min_length=1, description="Output tokens, reasoning included.")
    cost_usd: str | None = Field(default=None, min_length=1, description="Cost of the call in US dollars.")
    latency_ms: str | None = Field(default=None, min_length=1, description="Duration in milliseconds.")
    trace_id: str | None = Field(
        default=None, min_length=1, description="Trace of the call; checked, and not stored yet."
    )
    inferences: str | None = Field(
        default=None, min_length=1, description="How many calls the record stands for; its sums are already sums."
    )
    sample_rate: str | None = Field(
        default=None, min_length=1, description="Share of the calls that is logged, above 0 and up to 1."
    )
    cache_hit: str | None = Field(
        default=None, min_length=1, description="Whether the gateway answered from its response cache."
    )
    attempts: str | None = Field(
        default=None, min_length=1, description="Calls to a model server that the record took, retries included."
    )


class JsonlFormat(Model):
    """One JSON object a line."""

    type: Literal["jsonl"]
    fields: FieldMap = Field(
        description=r"Paths into the record, keys joined by dots; a dot inside a key is written `\.`."
    )

    @field_validator("fields")
    @classmethod
    def _paths_are_sound(cls, fields: FieldMap) -> FieldMap:
        for path in fields.model_dump(exclude_none=True).values():
            parse_path(path)
        return fields


class CsvFormat(Model):
    """One record a line, values separated by a delimiter, names in the first line of every file."""

    type: Literal["csv"]
    fields: FieldMap = Field(description="Names of columns.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="What separates two values.")


class FilesConfig(SourceConfig):
    """Usage logs in files."""

    type: Literal["files"] = "files"
    path: str | tuple[str, ...] = Field(
        description="Glob, or several; relative to the configuration file. `**` matches folders at any depth.",
        examples=["logs/*.jsonl"],
    )
    format: Annotated[JsonlFormat | CsvFormat, Field(discriminator="type")] = Field(
        description="How a line is read, and where in it each value is."
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
        return path

    @field_validator("system")
    @classmethod
    def _template_is_sound(cls, system: str) -> str:
        parse_template(system)
        return system

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone") from None
        return timezone

    @model_validator(mode="after")
    def _template_paths_are_sound(self) -> FilesConfig:
        if isinstance(self.format, JsonlFormat):
            JsonLines(self.format.fields.model_dump(exclude_none=True), parse_template(self.system).paths)
        return self

    def declared_systems(self) -> frozenset[str]:
        """The constant system, when there is one."""
        constant = parse_template(self.system).constant
        return frozenset() if constant is None else frozenset({constant})

    def counts_usage(self) -> bool:
        """A usage log counts."""
        return True
