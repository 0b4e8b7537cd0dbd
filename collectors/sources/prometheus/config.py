"""The configuration of a `prometheus` source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
from msgspec import Struct
from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from leverwatch.collectors.aggregation.config import SystemTemplate
from leverwatch.collectors.config import Duration, Model
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.sources.prometheus.presets import PRESETS, ROLES, SCALED, Preset, preset_named
from leverwatch.collectors.sources.prometheus.selectors import Selector, parse_matchers, parse_selector
from leverwatch.collectors.tells import NO, Tells

_DAY = timedelta(days=1)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed)]
"""One text or several."""


class Metrics(Model):
    """The counters: each a selector such as `name{label="value"}`, or several names of the same, newest first."""

    inferences: Names | None = Field(default=None, description="Calls; those that failed may be among them.")
    errors: Names | None = Field(default=None, description="Calls that failed.")
    input_tokens: Names | None = Field(default=None, description="Input tokens, with those from a cache.")
    cached_input_tokens: Names | None = Field(default=None, description="Those of them from a cache.")
    cache_write_tokens: Names | None = Field(default=None, description="Those that were written to a cache.")
    output_tokens: Names | None = Field(default=None, description="Output tokens.")
    latency_seconds: Names | None = Field(default=None, description="Sum of the latencies in seconds.")
    latency_milliseconds: Names | None = Field(default=None, description="The same in milliseconds.")
    latency_microseconds: Names | None = Field(default=None, description="The same in microseconds.")
    cost_usd: Names | None = Field(default=None, description="Cost in US dollars.")

    @field_validator("*")
    @classmethod
    def _selectors(cls, value: list[str] | None) -> list[str] | None:
        for text in value or ():
            parse_selector(text)
        return value

    @model_validator(mode="after")
    def _one_latency(self) -> Self:
        if sum(it is not None for it in (self.latency_seconds, *(getattr(self, name) for name in SCALED))) > 1:
            raise ValueError("has the latency in several units")
        return self


class Constant(Model):
    """What is the same for all calls."""

    constant: str = Field(min_length=1, description="The value.", examples=["embedding"])


class Counter(Struct, frozen=True):
    """What is read of one role."""

    role: str
    selectors: tuple[Selector, ...]
    """Names of the same, of which the first that exists counts."""
    scale: float = 1.0
    """What an increase is multiplied by."""


class PrometheusConfig(HttpSettings, DailyConfig):
    """Usage that a server counts, and a server with the HTTP API of Prometheus keeps."""

    LOOK_AT: ClassVar[str] = "`metrics`, `matching`, and how long the server keeps its samples"
    type: Literal["prometheus"] = "prometheus"
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(
        description="Address of the server, with the path that comes before `/api/v1`: Prometheus, Thanos, Mimir,"
        " VictoriaMetrics.",
        examples=["http://prometheus:9090", "https://mimir.example.com/prometheus"],
    )
    preset: str | None = Field(
        default=None,
        min_length=1,
        description="Name of a known server, whose counters and labels are read; what is written beside it comes"
        " before that.",
        examples=["vllm"],
    )
    metrics: Metrics = Field(
        default=Metrics(), description="Counters by what they count. Required without a preset."
    )
    matching: str | None = Field(
        default=None,
        description="What the labels of every counter must be, as between the braces of a selector.",
        examples=['namespace="chat",job=~"vllm.*"'],
    )
    model: Names | None = Field(
        default=None, description="Labels of the model; the first that says something.", examples=["model_name"]
    )
    operation: str | Constant | None = Field(
        default=None,
        description="Label of the operation, or `{constant: embedding}` where all calls are of one.",
        examples=["gen_ai_operation_name"],
    )
    failed: dict[str, str] | None = Field(
        default=None,
        description="Labels of calls, with a regular expression for the values that mean that they failed.",
        examples=[{"status": "error|5.."}],
    )
    errors_inside: bool | None = Field(
        default=None,
        description="Whether the calls of `errors` are among `inferences`; else they are beside them.",
    )
    system: SystemTemplate
    replica_labels: list[str] = Field(
        default=["prometheus_replica"],
        description="Labels that tell only which of several servers of metrics scraped a target: of what is the"
        " same without them, the maximum counts.",
        examples=[["replica", "prometheus_replica"]],
    )
    max_gap: Duration = Field(
        default=timedelta(days=2),
        description="After how long without a sample a series counts as gone, and as new when it comes back.",
        examples=["7d"],
    )
    gap_after: Duration = Field(
        default=timedelta(minutes=5),
        description="The longest time between two samples that is no gap; a part of a day.",
        examples=["2m"],
    )
    partial_above: float = Field(
        default=0.05, ge=0, le=1, description="The share of a day without samples above which it is partial."
    )
    witness: Names = Field(
        default=["prometheus_build_info", "vm_app_version"],
        description="Selectors of what is always scraped, which tells a gap of the server of metrics from a target"
        " that is not there.",
        examples=[['up{job="prometheus"}']],
    )
    method: Literal["post", "get"] = Field(
        default="post", description="How questions are sent; some proxies let only `get` through."
    )

    @field_validator("witness")
    @classmethod
    def _selectors(cls, value: list[str]) -> list[str]:
        for text in value:
            parse_selector(text)
        return value

    @field_validator("matching")
    @classmethod
    def _matchers(cls, value: str | None) -> str | None:
        if value is not None:
            parse_matchers(value)
        return value

    @field_validator("replica_labels", "model")
    @classmethod
    def _labels(cls, value: list[str] | None) -> list[str] | None:
        for label in value or ():
            if not _LABEL.fullmatch(label):
                raise ValueError(f"{label[:40]!r} is no label")
        return value

    @field_validator("failed")
    @classmethod
    def _patterns(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for label, pattern in (value or {}).items():
            try:
                re.compile(pattern)
            except re.error:
                raise ValueError(f"the pattern of {label[:40]!r} is no regular expression") from None
        return value

    @field_validator("max_gap")
    @classmethod
    def _a_day_or_more(cls, value: timedelta) -> timedelta:
        if not _DAY <= value <= 35 * _DAY:
            raise ValueError("must be from 1d to 35d")
        return value

    @field_validator("gap_after")
    @classmethod
    def _part_of_a_day(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=1) <= value <= timedelta(hours=6) or _DAY % value:
            raise ValueError("must be from 1m to 6h, and divide a day: 1m, 2m, 5m, 10m, 15m, 30m, 1h")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.preset is not None:
            preset_named(self.preset)
        if not self.counters():
            raise ValueError("needs a `preset`, or `metrics.inferences`")
        if self.preset is None and self.metrics.inferences is None:
            raise ValueError("needs `metrics.inferences`, or a `preset`")
        for label in parse_template(self.system).paths:
            if not _LABEL.fullmatch(label):
                raise ValueError(f"system names {label[:40]!r}, which is no label")
        return self

    @property
    def known(self) -> Preset:
        """The preset, or an empty one, with what the settings say instead."""
        found = PRESETS[self.preset] if self.preset is not None else Preset("own", "the settings", {})
        own: dict[str, Any] = {}
        if self.model is not None:
            own["model"] = tuple(self.model)
        if isinstance(self.operation, Constant):
            own |= {"operation": None, "operations": {".*": self.operation.constant}}
        elif self.operation is not None:
            own |= {"operation": self.operation, "operations": {}}
        if self.failed is not None:
            own["failed"] = self.failed
        if self.errors_inside is not None:
            own["errors_inside"] = self.errors_inside
        return msgspec.structs.replace(found, **own)

    def counters(self) -> tuple[Counter, ...]:
        """Return the counters that are read, of calls first."""
        given: Mapping[str, Any] = {name: value for name, value in self.metrics if value is not None}
        preset = PRESETS[self.preset].metrics if self.preset is not None else {}
        texts = {**preset, **given}
        if any(name in given for name in ("latency_seconds", *SCALED)):
            texts = {name: it for name, it in texts.items() if name in given or not name.startswith("latency")}
        more = parse_matchers(self.matching) if self.matching is not None else ()
        found = []
        for name, names in texts.items():
            role, scale = SCALED.get(name, (name, 1.0))
            found.append(Counter(role, tuple(parse_selector(it).narrowed(more) for it in names), scale))
        return tuple(sorted(found, key=lambda it: ROLES.index(it.role)))

    def counts_usage(self) -> bool:
        """Whether the source counts inferences: not when its counters tell tokens alone."""
        return any(it.role == "inferences" for it in self.counters())

    def declared_systems(self) -> frozenset[str]:
        """The systems that the setting names as they are, if their calls are counted."""
        return super().declared_systems() if self.counts_usage() else frozenset()

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the settings that may not be what is meant."""
        yield from super().doubts()
        if not self.counts_usage():
            yield (
                ("preset",),
                (
                    "this server counts no calls, so that only tokens are told; `metrics.inferences` can name a"
                    " counter of what stands before it"
                ),
            )

    def tells(self) -> Tells:
        """What the counters tell."""
        roles = {it.role for it in self.counters()}
        known = self.known

        def of(words: str, *names: str) -> str:
            return words if roles & set(names) else NO

        return Tells(
            systems="any label: job, namespace, team",
            models="a label" if known.model else NO,
            calls=of("requests, by the increase of a counter", "inferences"),
            tokens=of("sums by day", "input_tokens", "output_tokens"),
            cached=of("sums by day", "cached_input_tokens"),
            errors="by a label or a counter" if known.failed or "errors" in roles else NO,
            latency=of("sums by day", "latency_seconds"),
            cost=of("sums by day", "cost_usd"),
            delay="the interval of scrapes",
            permission="to query (`/api/v1/query`, `/api/v1/query_range`), nothing else",
        )
