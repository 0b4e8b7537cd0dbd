"""The configuration of a `files` source."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from collectors.aggregation.config import CountingConfig
from collectors.config import Duration


class FilesConfig(CountingConfig):
    """Usage logs in files."""

    type: Literal["files"] = "files"
    path: str | tuple[str, ...] = Field(
        description=(
            "Glob, or several; relative to the configuration file. `**` matches folders at any depth up to 32, "
            "and none through links."
        ),
        examples=["logs/*.jsonl"],
    )
    quiet_after: Duration = Field(
        default=timedelta(minutes=5),
        description="An unterminated last line counts once its file was quiet for this long.",
    )
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
