"""The configuration of a `cloudwatch` source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from leverwatch.collectors.config import show_duration
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.labels import checked_labels
from leverwatch.collectors.records.system_config import System
from leverwatch.collectors.tells import NO, Tells

LABELS = ("ModelId", "model", "region", "account", "project")
KEPT = timedelta(days=455)
"""How long CloudWatch keeps metrics by the hour."""

Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", max_length=40)]
Id = Annotated[str, Field(min_length=1, max_length=1024)]


class CloudWatchConfig(DailyConfig):
    """Usage of Amazon Bedrock, as CloudWatch has it without any logging."""

    LOOK_AT: ClassVar[str] = "`regions`, `models`, and whose account the credentials are of"
    type: Literal["cloudwatch"] = "cloudwatch"
    regions: list[Region] = Field(
        min_length=1,
        max_length=40,
        description="Regions that are called; the metrics of a call are in the region that it was sent to.",
        examples=[["us-east-1", "eu-central-1"]],
    )
    system: System = Field(
        description="System of all calls: a constant, a template over `{ModelId}` (a model or an inference"
        " profile), `{model}`, `{region}`, `{account}` and, of calls by `bedrock-mantle`, `{project}`, or rules"
        " over these.",
        examples=["support-bot", "{ModelId}", "{account}-{region}"],
    )
    mantle: bool = Field(
        default=True,
        description="Read what the endpoint `bedrock-mantle` serves as well, which counts in a namespace of its"
        " own.",
    )
    linked_accounts: bool = Field(
        default=False,
        description="Read the accounts that are linked to this one, a monitoring account, as well.",
    )
    models: list[Id] = Field(
        default_factory=list,
        max_length=1000,
        description="Models and inference profiles that are asked for though they had no call for two weeks, as"
        " CloudWatch lists no others.",
        examples=[["anthropic.claude-3-haiku-20240307-v1:0"]],
    )
    profiles: dict[Id, Id] = Field(
        default_factory=dict,
        max_length=1000,
        description="Model of each inference profile whose id does not name one.",
        examples=[{"k3b9x2m4q7zt": "anthropic.claude-3-haiku-20240307-v1:0"}],
    )
    profile: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Profile of the AWS configuration files whose credentials are used, instead of those that are"
        " found first.",
        examples=["monitoring"],
    )
    url: str | None = Field(
        default=None,
        description="Address of CloudWatch, when it is not the public one of a region: `{region}` in it is the"
        " region.",
        examples=["https://vpce-0a1b-2c3d.monitoring.{region}.vpce.amazonaws.com"],
    )

    @field_validator("system")
    @classmethod
    def _known_labels(cls, value: str) -> str:
        return checked_labels(value, LABELS)

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit((value or "https://none").replace("{region}", "region"))
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            valid = False
        if not valid or parts.query or "{" in parts.netloc or any(mark.isspace() for mark in value or ""):
            raise ValueError("must be a URL that starts with http:// or https://, without a user name")
        return value

    @model_validator(mode="after")
    def _one_address_a_region(self) -> Self:
        if self.url is not None and len(self.regions) > 1 and "{region}" not in self.url:
            raise ValueError(
                "url is one address for several regions; it needs {region}, or a source for each region"
            )
        return self

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what asks for more than CloudWatch keeps, and regions that Amazon's library does not know."""
        yield from super().doubts()
        known = _known_regions()
        for at, name in enumerate(self.regions):
            if known and name not in known:
                near = get_close_matches(name, known, 1)
                meant = f"; is {near[0]} meant?" if near else ""
                yield ("regions", at), f"is no region that Amazon's library knows{meant}"
        if self.history > KEPT:
            yield ("history",), f"is more than the {KEPT.days} days that CloudWatch keeps"

    def needs(self) -> tuple[str, str] | None:
        """Amazon's library, and what brings it."""
        return "botocore", "cloudwatch"

    def tells(self) -> Tells:
        """What CloudWatch tells of Bedrock."""
        return Tells(
            systems="model, inference profile, region, account, project",
            models="yes",
            calls="requests, by day",
            tokens="input, output",
            cached="read, written",
            errors="client errors, server errors, throttled requests",
            latency="yes",
            cost=NO,
            delay=f"some minutes; a day is final {show_duration(self.ready_after)} after its end",
            permission="cloudwatch:ListMetrics and cloudwatch:GetMetricData"
            + ("; in linked accounts the sink's link for metrics" if self.linked_accounts else ""),
        )


@cache
def _known_regions() -> frozenset[str]:
    """Return the regions of CloudWatch in all partitions that Amazon's library has; none without it."""
    try:
        from botocore.session import Session
    except ModuleNotFoundError:
        return frozenset()
    session = Session()
    partitions = session.get_available_partitions()
    return frozenset(it for one in partitions for it in session.get_available_regions("cloudwatch", one))
