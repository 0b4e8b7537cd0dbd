"""The configuration of a `files` source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

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
from leverwatch.collectors.aggregation.source_config import LogConfig
from leverwatch.collectors.config import Duration
from leverwatch.collectors.tells import Tells


class FilesConfig(LogConfig):
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

    def absences(self, base_dir: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each glob that matches no file now."""
        # Imported here: most commands only read the configuration.
        from leverwatch.collectors.paths import absences

        return absences(self.path, base_dir)

    def tells(self) -> Tells:
        """What records of this format tell."""
        return self._told(delay="none", permission="to read the files and list their folders")
