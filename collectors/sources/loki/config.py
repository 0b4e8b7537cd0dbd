"""The configuration of a `loki` source."""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from leverwatch.collectors.aggregation.config import SystemTemplate
from leverwatch.collectors.config import Model
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.tells import NO, Tells

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class LokiLabels(Model):
    """The labels of a line, of the stream or made by the query, that have each value."""

    model: str | None = Field(default=None, description="The name of the model.", examples=["model"])
    operation: str | None = Field(default=None, description="What kind of call it was.")
    tier: str | None = Field(default=None, description="The service tier.")
    input_tokens: str | None = Field(default=None, description="Input tokens, with those from a cache.")
    cached_input_tokens: str | None = Field(default=None, description="Those of them from a cache.")
    output_tokens: str | None = Field(default=None, description="Output tokens.")
    cost_usd: str | None = Field(default=None, description="Cost in US dollars.")
    latency_ms: str | None = Field(default=None, description="Latency in milliseconds.")

    @field_validator("*")
    @classmethod
    def _is_a_label(cls, value: str | None) -> str | None:
        if value is not None and not _LABEL.fullmatch(value):
            raise ValueError("is no name of a label")
        return value

    def names(self) -> dict[str, str]:
        """Return the labels that lines are told apart by, by field."""
        told = {"model": self.model, "operation": self.operation, "tier": self.tier}
        return {name: label for name, label in told.items() if label is not None}

    def amounts(self) -> dict[str, str]:
        """Return the labels whose values are added up, by field."""
        told = self.model_dump(exclude={"model", "operation", "tier"})
        return {name: label for name, label in told.items() if label is not None}


class LokiConfig(HttpSettings, DailyConfig):
    """Lines of a log in Loki, counted there by day."""

    LOOK_AT: ClassVar[str] = "`query`, and how long Loki keeps its lines"
    type: Literal["loki"] = "loki"
    query: str = Field(
        description="LogQL that selects the lines of calls, and makes labels of what is in them.",
        examples=['{app="gateway"} | json | path="/v1/chat/completions"'],
    )
    failed: str | None = Field(
        default=None,
        description="Stages of LogQL that leave the calls that failed, among those of `query`.",
        examples=["| status >= 400"],
    )
    labels: LokiLabels = Field(
        default_factory=LokiLabels, description="The labels that have what is known of a call."
    )
    system: SystemTemplate

    @field_validator("query")
    @classmethod
    def _selects_lines(cls, value: str) -> str:
        if not value.strip().startswith("{"):
            raise ValueError("must begin with the selector of a stream, in braces; the counting is added to it")
        return value.strip()

    @field_validator("failed")
    @classmethod
    def _are_stages(cls, value: str | None) -> str | None:
        if value is not None and not value.strip().startswith("|"):
            raise ValueError("must be stages, which begin with |")
        return None if value is None else value.strip()

    @model_validator(mode="after")
    def _names_labels(self) -> Self:
        strange = [word for word in parse_template(self.system).paths if not _LABEL.fullmatch(word)]
        if strange:
            raise ValueError(f"system names {', '.join(strange)}, which is no name of a label")
        return self

    def tells(self) -> Tells:
        """What the labels tell."""
        labels = self.labels

        def said(value: str | None) -> str:
            return NO if value is None else f"label {value}"

        return Tells(
            systems="labels of the lines",
            models=said(labels.model),
            calls="lines that the query leaves",
            tokens=", ".join(it for it in (labels.input_tokens, labels.output_tokens) if it) or NO,
            cached=said(labels.cached_input_tokens),
            errors="lines that `failed` leaves" if self.failed else NO,
            latency=said(labels.latency_ms),
            cost=said(labels.cost_usd),
            delay="seconds",
            permission="reading the streams of one tenant (logs:read)",
        )
