"""The configuration of a `prompt-registry` source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from leverwatch.collectors.config import Duration, Name, SourceConfig
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.selection.documents import key_steps
from leverwatch.collectors.sources.prompt_registry.following import is_pattern
from leverwatch.collectors.sources.prompt_registry.registries.by_name import REGISTRIES
from leverwatch.collectors.sources.prompt_registry.registries.template import LABEL, PROMPT, Template

if TYPE_CHECKING:
    from leverwatch.collectors.sources.prompt_registry.interface import Registry

_LONGEST_NAME = 500
_OF_TEMPLATE = ("path", "content", "version", "moved_at")


def _check_name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"must be 1 to {_LONGEST_NAME} printable characters")
    return name


def _check_keys(path: str) -> str:
    if any("*" in step for step in key_steps(path)):
        raise ValueError("is the path of one value, without `*`")
    return path


_PromptName = Annotated[str, AfterValidator(_check_name)]
_Keys = Annotated[str, AfterValidator(_check_keys)]


class PromptRegistryConfig(HttpSettings, SourceConfig):
    """A registry of prompts, for the moves of the label that production reads by."""

    type: Literal["prompt-registry"] = "prompt-registry"
    interval: Duration = Field(
        default=timedelta(minutes=5), description="Pause between two runs of the collector.", examples=["5m"]
    )
    api: Literal["langfuse", "langsmith", "mlflow", "promptlayer", "http"] = Field(
        description="Whose API is asked; `http`: the one that `path` and `content` describe.",
        examples=["langfuse"],
    )
    url: str = Field(
        default="",
        description="Address of the registry, when it is not that of the provider's own service.",
        examples=["https://langfuse.example.com"],
    )
    label: Annotated[str, AfterValidator(_check_name)] | None = Field(
        default=None,
        description="The label, alias or tag that production reads prompts by; by default `production`, of"
        " PromptLayer `prod`.",
        examples=["production"],
    )
    systems: dict[Name, Annotated[tuple[_PromptName, ...], Field(min_length=1)]] = Field(
        min_length=1,
        description="The names of the prompts of each system. `*` is any part of a name, where the registry lists"
        " its names.",
        examples=[{"support-bot": ["support-answer", "support/*"]}],
    )
    path: str | None = Field(
        default=None,
        description="Of `http`: where a prompt is, below `url`, with `{prompt}` and `{label}` in it.",
        examples=["/prompts/{prompt}?label={label}"],
    )
    content: _Keys | None = Field(
        default=None,
        description="Of `http`: the path of the keys at which an answer has the prompt.",
        examples=["data.template"],
    )
    version: _Keys | None = Field(
        default=None,
        description="Of `http`: the path of the keys at which it has the name of the version.",
        examples=["data.version"],
    )
    moved_at: _Keys | None = Field(
        default=None,
        description="Of `http`: the path of the keys at which it has the time since when the label is at this"
        " version; without one, a change is of the time when it was seen.",
        examples=["data.label.updated_at"],
    )
    queries_per_hour: int = Field(
        default=1200, ge=1, le=100_000, description="The most questions within an hour; the rest waits."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30), description="The longest that one question may take.", examples=["30s"]
    )

    @field_validator("timeout")
    @classmethod
    def _time_to_answer(cls, value: timedelta) -> timedelta:
        if not value or value > timedelta(hours=1):
            raise ValueError("must be more than 0s and at most 1h")
        return value

    @field_validator("path")
    @classmethod
    def _has_a_prompt(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith("/") or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("must be a path that starts with /, in the characters of an address")
        if PROMPT not in value:
            raise ValueError(f"must have {PROMPT} in it, where the name of the prompt belongs")
        return value

    @model_validator(mode="before")
    @classmethod
    def _with_the_address_of_its_api(cls, given: Any) -> Any:
        known = REGISTRIES.get(str(given.get("api"))) if isinstance(given, Mapping) else None
        return {"url": known.url, **given} if known is not None and known.url else given

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.url:
            raise ValueError("has no `url`, and everybody runs this registry at an address of their own")
        given = [name for name in _OF_TEMPLATE if getattr(self, name) is not None]
        if self.api != "http":
            if given:
                raise ValueError(f"{given[0]} is of `api: http`; how {self.api} is asked is known")
        elif self.path is None or self.content is None:
            raise ValueError("has no `path` or no `content`, which say how a prompt is asked for")
        if self.known.list is None:
            for system, names in self.systems.items():
                if name := next((name for name in names if is_pattern(name)), None):
                    raise ValueError(
                        f"systems.{system} has the pattern {name}, and {self.known.title} does not list its names"
                    )
        return self

    @property
    def known(self) -> Registry:
        """The registry."""
        if self.api != "http":
            return REGISTRIES[self.api]
        return Template(self.path or "", self.content or "", self.version, self.moved_at).registry()

    @property
    def production_label(self) -> str:
        """The label that is looked at."""
        return self.label or self.known.label

    @property
    def has_key(self) -> bool:
        """Whether anything is shown to the registry."""
        return any(it is not None for it in (self.token, self.token_file, self.user)) or bool(self.headers)

    def declared_systems(self) -> frozenset[str]:
        """The names of the systems that have prompts."""
        return frozenset(self.systems)

    def watches_prompts(self) -> bool:
        """Whether the source reports prompt changes: always."""
        return True

    def watches_labels(self) -> bool:
        """Whether these are moves of labels: always."""
        return True

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the settings that may not be what is meant."""
        yield from super().doubts()
        if self.known.needs and not self.has_key:
            yield ("api",), f"there is no key (`token_file` or another of its settings); {self.known.needs}"
        if self.api == "http" and LABEL not in (self.path or ""):
            reason = (
                f"has no {LABEL}: whatever the registry answers without one is taken for what production serves"
            )
            yield ("path",), reason
        named = len({name for names in self.systems.values() for name in names if not is_pattern(name)})
        an_hour = round(named * timedelta(hours=1) / self.interval)
        if an_hour > self.queries_per_hour:
            reason = (
                f"{named} prompts every {self.interval.total_seconds():g} s are {an_hour:,} questions an hour, and"
                f" {self.queries_per_hour:,} are allowed: raise it, or the interval, or runs fail"
            )
            yield ("queries_per_hour",), reason

    def waits_for_others(self) -> bool:
        """Whether a run may wait for another machine: always."""
        return True
