"""The settings that all types of sources share. Each type adds a model of its own beside its collector."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue

    from leverwatch.collectors.tells import Tells

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")


def parse_duration(value: Any) -> Any:
    """Return the timedelta that a duration in Prometheus' notation means: `90s`, `5m`, `1h30m` or `7d`.

    Raises:
        ValueError: it is a number without a unit, or no duration at all.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and _DURATION.fullmatch(value):
        parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhdw])", value)
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    raise ValueError('a duration needs a unit, such as "30s", "5m", "1h30m" or "7d"')


def show_duration(span: timedelta) -> str:
    """Return a duration in the notation of the configuration, such as `1h30m`."""
    left = round(span / timedelta(milliseconds=1))
    text = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["30s", "5m", "1h30m"]}),
]
"""A span of time, written with its unit."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=100)]
"""A name that ends up as a label value: letters, digits and `._/-`."""

SourceName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*(@[A-Za-z0-9][A-Za-z0-9._-]*)?$", max_length=100),
    # What is written may have an environment variable in it, as the name of a node.
    WithJsonSchema({"type": "string", "pattern": r"^(\$\{\w+\}|[A-Za-z0-9])(\$\{\w+\}|[A-Za-z0-9._/@-])*$"}),
]
"""Such a name, and behind an `@` the place that is read under it, such as a node."""


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, nothing changes after it was read."""

    # A part is built into the model around it, or is `Apart`; a file has few of all parts there are.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


Part = TypeVar("Part", bound=Model)
PART = "leverwatch_part"
"""Where the core schema of a part that is `Apart` has its model."""


class _Apart:
    """Validates a part with a validator of its own, which is built when the first file has the part.

    Building the validators of all parts takes longer than all else that is done with a small file.
    """

    def __get_pydantic_core_schema__(self, source: type[Model], handler: GetCoreSchemaHandler) -> CoreSchema:
        # What is wrong in the part is an error of the whole, at the place that the part has in it.
        return core_schema.no_info_plain_validator_function(
            lambda value: _empty(source) if value == {} else source.model_validate(value),
            metadata={PART: source},
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        source: type[Model] = schema["metadata"][PART]
        source.model_rebuild()
        built: dict[str, Any] = {**source.__pydantic_core_schema__}
        shared = built["definitions"] if built["type"] == "definitions" else []
        part = built["schema"] if built["type"] == "definitions" else built
        # A part is a definition of its own, by the name that pydantic gives to a model within another one.
        named = cast("CoreSchema", {**part, "ref": f"{source.__module__}.{source.__qualname__}:{id(source)}"})
        return handler(core_schema.definitions_schema(named, shared))


Apart = Annotated[Part, _Apart()]
"""A part of the configuration that most files do not have, as the type of a setting."""


@cache
def _empty(model: type[Model]) -> Model:
    """Return what validating an empty mapping returns, without a validator where that can refuse none.

    The defaults of a part are valid, each by itself; a check of the part as a whole may want more.
    """
    checked = model.__pydantic_decorators__.model_validators
    if checked or any(field.is_required() for field in model.model_fields.values()):
        return model.model_validate({})
    parts = {
        name: _empty(field.annotation)  # type: ignore[arg-type]  # the type of a part is a model
        for name, field in model.model_fields.items()
        if field.annotation is not None and any(isinstance(mark, _Apart) for mark in field.metadata)
    }
    return model.model_construct(_fields_set=set(), **parts)


class SourceConfig(Model):
    """Settings that every source has."""

    name: SourceName = Field(
        description="Unique name of the source; the `source` label of its metrics. What several agents read into"
        " one store, each at its own place, has one name and the place behind it: `pods@node-7`.",
        examples=["app-log"],
    )
    type: str
    interval: Duration = Field(
        default=timedelta(minutes=1), description="Pause between two runs of the collector.", examples=["1m"]
    )

    def declared_systems(self) -> frozenset[str]:
        """The names of the systems that the source feeds, as far as the configuration alone tells."""
        return frozenset()

    def names_others(self) -> bool:
        """Whether what is counted may name systems that are not among these."""
        return not self.declared_systems()

    def counts_usage(self) -> bool:
        """Whether the source counts inferences."""
        return False

    def is_authoritative(self) -> bool:
        """Whether the source counts where others may see the same traffic."""
        return False

    def watches_prompts(self) -> bool:
        """Whether the source reports prompt changes."""
        return False

    def watches_labels(self) -> bool:
        """Whether these changes are moves of the labels of a registry, and not landings."""
        return False

    def tells_prompts(self) -> bool:
        """Whether the records of the source tell the version of the prompt."""
        return False

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the path within the source, and the reason, of each setting that may not be what is meant."""
        yield from ()

    def absences(self, base_dir: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:  # noqa: ARG002 - for others
        """Yield the path within the source, and the reason, of each setting that names what is not there now.

        `base_dir` is the folder that relative paths start at. What is not there may come later.
        """
        yield from ()

    def needs(self) -> tuple[str, str] | None:
        """The module without which these settings cannot be used, and the extra that brings it; None where none is
        needed."""
        return None

    def remarks(self, system: str, stored: Mapping[str, bytes]) -> Iterator[str]:  # noqa: ARG002 - for others
        """Yield what the source found out about its settings for a system, from what it stored."""
        yield from ()

    def tells(self) -> Tells | None:
        """What the source can tell of the calls that it counts, with these settings; None when it counts none."""
        return None

    def bill_note(self) -> str:
        """What the provider documents of the difference between its bill and the price of tokens; empty: it bills
        nothing that the source is told."""
        return ""

    def waits_for_others(self) -> bool:
        """Whether a run may have to wait for another machine, so that it gets a thread of another pool."""
        return False
