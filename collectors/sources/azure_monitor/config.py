"""The configuration of an `azure-monitor` source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, field_validator

from leverwatch.collectors.config import show_duration
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.daily.labels import checked_labels
from leverwatch.collectors.records.system_config import System
from leverwatch.collectors.tells import NO, Tells

LABELS = ("deployment", "model", "resource", "group", "subscription")
KEPT = timedelta(days=93)
"""How long Azure Monitor keeps platform metrics."""

ResourceId = Annotated[
    str,
    Field(
        pattern=r"^/subscriptions/[^/\s?#]+/resourceGroups/[^/\s?#]+/providers/Microsoft\.CognitiveServices/accounts"
        r"/[^/\s?#]+$",
        max_length=400,
    ),
]


class AzureMonitorConfig(HttpSettings, DailyConfig):
    """Usage of Azure OpenAI and Foundry, as Azure Monitor has it without any logging."""

    # What was given is in no message: it may have secrets.
    model_config = ConfigDict(hide_input_in_errors=True)

    LOOK_AT: ClassVar[str] = "`resources`, and how long Azure Monitor keeps its metrics"
    type: Literal["azure-monitor"] = "azure-monitor"
    url: str = Field(
        default="https://management.azure.com",
        description="Address of the Azure Resource Manager; that of another cloud is its own.",
        examples=["https://management.usgovcloudapi.net"],
    )
    resources: list[ResourceId] = Field(
        min_length=1,
        max_length=200,
        description="Ids of the Azure OpenAI or Foundry resources.",
        examples=[
            ["/subscriptions/3f1c0a52/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/chat"]
        ],
    )
    system: System = Field(
        description="System of all calls: a constant, a template over `{deployment}`, `{model}`, `{resource}`,"
        " `{group}` and `{subscription}`, or rules over these.",
        examples=["support-bot", "{deployment}", "{resource}-{deployment}"],
    )
    identity: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Client id of the user-assigned managed identity, when the machine has more than one.",
    )
    authority: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Host that gives tokens, when it is not that of the public cloud.",
        examples=["login.microsoftonline.us"],
    )

    @field_validator("system")
    @classmethod
    def _known_labels(cls, value: str) -> str:
        return checked_labels(value, LABELS)

    @field_validator("resources")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len({each.lower() for each in value}) < len(value):
            raise ValueError("names one resource twice, whose calls would count twice")
        return value

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what asks for more than Azure Monitor keeps."""
        yield from super().doubts()
        if self.history > KEPT:
            yield ("history",), f"is more than the {KEPT.days} days that Azure Monitor keeps"

    def needs(self) -> tuple[str, str] | None:
        """Microsoft's library, and what brings it, unless a token is given."""
        return None if self.authenticates() else ("azure.identity", "azure-monitor")

    def tells(self) -> Tells:
        """What Azure Monitor tells of Azure OpenAI and Foundry."""
        return Tells(
            systems="deployment, model, resource, resource group, subscription",
            models="yes",
            calls="requests to deployments, by day",
            tokens="input, output",
            cached="of Anthropic's models",
            errors="requests with another status than 200 to 299",
            latency=NO,
            cost=NO,
            delay=f"some minutes; a day is final {show_duration(self.ready_after)} after its end",
            permission="the role Monitoring Reader, or Microsoft.Insights/Metrics/Read and MetricDefinitions/Read",
        )
