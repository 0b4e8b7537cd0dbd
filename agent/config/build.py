"""The configuration model with every kind of source that is registered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Union

from pydantic import Field, create_model

from leverwatch.agent.config.models import MOST_SOURCES, Config
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.registry import SourceType, source_types


def build_config_model(types: Mapping[str, SourceType] | None = None) -> type[Config]:
    """Return the pydantic model of a whole configuration file; `type` tells what each entry of `sources` is.

    Args:
        types: the kinds of source, by type name; by default all that are registered.
    """
    known = source_types() if types is None else types
    return _build(tuple(known[name].config for name in sorted(known)))


def build_narrow_model(data: Mapping[str, Any], types: Mapping[str, SourceType] | None = None) -> type[Config]:
    """Return the model with no more kinds of source than a file's data has, which is built in less time.

    It accepts this file if and only if the whole model does. What is wrong with a file, the whole model has to
    say: its messages list every type.
    """
    known = source_types() if types is None else types
    entries = data.get("sources")
    used = [_type_of(entry) for entry in entries] if isinstance(entries, list) else []
    if not used or not all(name in known for name in used):
        return build_config_model(types)
    return build_config_model({name: known[name] for name in used})


def _type_of(entry: Any) -> str:
    name = entry.get("type") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


@cache
def _build(models: tuple[type[SourceConfig], ...]) -> type[Config]:
    field = Config.model_fields["sources"]
    source: Any = Union[models]  # noqa: UP007 - the members are only known when the program runs
    if len(models) > 1:
        source = Annotated[source, Field(discriminator="type")]
    return create_model(
        "Config",
        __base__=Config,
        __doc__="One leverwatch configuration file.",
        sources=(tuple[source, ...], Field(default=(), max_length=MOST_SOURCES, description=field.description)),
    )
