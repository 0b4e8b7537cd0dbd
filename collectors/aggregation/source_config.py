"""What is said and checked alike by the settings of every source that reads logs, wherever these lie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.named_systems import models_of, systems_of
from leverwatch.collectors.records.path_words import check_words, parse_pattern
from leverwatch.collectors.records.system_config import declared_by, doubts_of, names_others
from leverwatch.collectors.tells import Tells, told_by

if TYPE_CHECKING:
    from leverwatch.collectors.interface import Operation
    from leverwatch.collectors.records.format_config import FileFormat


class LogConfig(SourceConfig):
    """Usage logs. Each type declares these settings itself, in the order in which its page tells them."""

    if TYPE_CHECKING:
        format: FileFormat
        system: str
        path_pattern: str | None
        prompt: str | None
        operations: dict[str, Operation]
        authoritative: bool
        dedupe_window: timedelta
        future_tolerance: timedelta
        timezone: str

    @model_validator(mode="after")
    def _template_paths_are_sound(self) -> Self:
        prompt = None if self.prompt is None else parse_template(self.prompt)
        placeholders = parse_template(self.system).paths
        check_words(placeholders, None if self.path_pattern is None else parse_pattern(self.path_pattern))
        build_format(self.format, placeholders, prompt)
        return self

    def declared_systems(self) -> frozenset[str]:
        """The systems that are named here as they are."""
        return declared_by(self.system)

    def names_others(self) -> bool:
        """Whether records may name others."""
        return names_others(self.system)

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each rule for the system that never fits."""
        yield from ((("system",), why) for why in doubts_of(self.system))

    def counts_usage(self) -> bool:
        """Whether the source counts usage: always."""
        return True

    def tells_prompts(self) -> bool:
        """Whether records tell the version of the prompt."""
        return self.prompt is not None

    def is_authoritative(self) -> bool:
        """Whether the source is configured as authoritative."""
        return self.authoritative

    def _told(self, *, delay: str, permission: str) -> Tells:
        """What records of this format tell, `delay` after they were written, to a reader that has `permission`."""
        return told_by(
            build_format(self.format, ()).known,
            systems=systems_of(self.format.type),
            calls="a record",
            models=models_of(self.format.type),
            delay=delay,
            permission=permission,
        )
