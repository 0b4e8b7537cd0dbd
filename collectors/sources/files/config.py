"""The configuration of a `files` source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from leverwatch.collectors.aggregation.config import (
    DEDUPE_WINDOW,
    FUTURE_TOLERANCE,
    Authoritative,
    DedupeWindow,
    FutureTolerance,
    ModelOperations,
    PathPattern,
    PromptTemplate,
    RecordFormat,
    SystemTemplate,
    ZoneName,
)
from leverwatch.collectors.config import Duration, SourceConfig
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.named_systems import models_of, systems_of
from leverwatch.collectors.records.path_words import check_words, parse_pattern
from leverwatch.collectors.records.system_config import declared_by, doubts_of, names_others
from leverwatch.collectors.tells import Tells, told_by


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
    format: RecordFormat
    system: SystemTemplate
    path_pattern: PathPattern = None
    prompt: PromptTemplate = None
    operations: ModelOperations = Field(default_factory=dict)
    authoritative: Authoritative = False
    dedupe_window: DedupeWindow = DEDUPE_WINDOW
    quiet_after: Duration = Field(
        default=timedelta(minutes=5),
        description="An unterminated last line counts once its file was quiet for this long.",
    )
    future_tolerance: FutureTolerance = FUTURE_TOLERANCE
    timezone: ZoneName = "UTC"
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

    @model_validator(mode="after")
    def _template_paths_are_sound(self) -> FilesConfig:
        prompt = None if self.prompt is None else parse_template(self.prompt)
        placeholders = parse_template(self.system).paths
        check_words(placeholders, None if self.path_pattern is None else parse_pattern(self.path_pattern))
        build_format(self.format, placeholders, prompt)
        return self

    def absences(self, base_dir: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each glob that matches no file now."""
        # Imported here: most commands only read the configuration.
        from leverwatch.collectors.paths import absences

        return absences(self.path, base_dir)

    def declared_systems(self) -> frozenset[str]:
        """The systems that are named here as they are."""
        return declared_by(self.system)

    def names_others(self) -> bool:
        """Whether records may name others."""
        return names_others(self.system)

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each rule for the system that never fits."""
        yield from ((("system",), why) for why in doubts_of(self.system))

    def tells(self) -> Tells:
        """What records of this format tell."""
        return told_by(
            build_format(self.format, ()).known,
            systems=systems_of(self.format.type),
            calls="a record",
            models=models_of(self.format.type),
            delay="none",
            permission="to read the files and list their folders",
        )

    def counts_usage(self) -> bool:
        """Whether the source counts usage: always."""
        return True

    def tells_prompts(self) -> bool:
        """Whether records tell the version of the prompt."""
        return self.prompt is not None

    def is_authoritative(self) -> bool:
        """Whether the source is configured as authoritative."""
        return self.authoritative
