"""The settings of every source that counts individual records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, Field

from leverwatch.collectors.config import Duration
from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.format_config import FileFormat
from leverwatch.collectors.records.path_words import parse_pattern
from leverwatch.collectors.records.system_config import System
from leverwatch.collectors.records.timestamps import zone_named


def _sound_prompt(prompt: str) -> str:
    if not parse_template(prompt).paths:
        raise ValueError("names no field in braces, so that every record would have the same prompt")
    return prompt


def _sound_pattern(pattern: str) -> str:
    parse_pattern(pattern)
    return pattern


def _known_zone(timezone: str) -> str:
    zone_named(timezone)
    return timezone


RecordFormat = Annotated[
    FileFormat,
    Field(description="Who wrote the log, or where in a line each value is.", examples=["litellm"]),
]
SystemTemplate = Annotated[
    System,
    Field(
        description="System of every record: a constant, a template over record fields and words of the path, or"
        " rules of which the first that fits names it.",
        examples=["support-bot", "{team}-{app}", "{path.parent}", [{"is": "search", "where": {"key_id": "k-7"}}]],
    ),
]
PathPattern = Annotated[
    Annotated[str, AfterValidator(_sound_pattern)] | None,
    Field(
        description="Regular expression that is searched for in the path of a log; its named groups are words of"
        " `system`.",
        examples=["/(?P<team>[^/]+)/[^/]+$"],
    ),
]
PromptTemplate = Annotated[
    Annotated[str, AfterValidator(_sound_prompt)] | None,
    Field(
        description="What tells the version of the prompt of a record: a template over record fields with its name"
        " and version, or with the system prompt itself, of which only a hash is kept.",
        examples=["{prompt_name}@{prompt_version}", "{request.instructions}"],
    ),
]
Authoritative = Annotated[bool, Field(description="This source counts when another one may see the same traffic.")]
DedupeWindow = Annotated[
    Duration,
    Field(description="A record that comes again is recognised up to this span before the newest one; 0s: never."),
]
FutureTolerance = Annotated[
    Duration, Field(description="How far clocks may drift before a record is from the future.")
]
ZoneName = Annotated[str, AfterValidator(_known_zone), Field(description="What times without a zone mean.")]

ModelOperations = Annotated[
    dict[str, Operation],
    Field(
        description="Operation of every call of a model, whatever its records or the name of the model say.",
        examples=[{"our-reader": "generation", "vectors-v2": "embedding"}],
    ),
]

DEDUPE_WINDOW = timedelta(hours=1)
FUTURE_TOLERANCE = timedelta(minutes=10)


class CountingConfig(Protocol):
    """What counting records needs of a source's configuration."""

    @property
    def name(self) -> str:
        """The name of the source."""
        ...

    @property
    def format(self) -> FileFormat:
        """How records are decoded."""
        ...

    @property
    def system(self) -> str:
        """The template for the names of systems, or rules."""
        ...

    @property
    def path_pattern(self) -> str | None:
        """The pattern whose named groups are words of that template; None: there is none."""
        ...

    @property
    def prompt(self) -> str | None:
        """The template for the version of the prompt; None: records do not tell it."""
        ...

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations of models, by the name of the model."""
        ...

    @property
    def dedupe_window(self) -> timedelta:
        """The time within which a repeated request id counts once."""
        ...

    @property
    def future_tolerance(self) -> timedelta:
        """How far in the future the time of a record may be."""
        ...

    @property
    def timezone(self) -> str:
        """The time zone of times that are written without one."""
        ...
