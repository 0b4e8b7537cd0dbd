"""The configuration of a `google-monitoring` source."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, field_validator

from leverwatch.collectors.config import Duration, show_duration
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.daily.labels import checked_labels
from leverwatch.collectors.records.system_config import System
from leverwatch.collectors.tells import NO, Tells

LABELS = ("model", "publisher", "location", "project", "endpoint")

Project = Annotated[str, Field(pattern=r"^([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*$", max_length=100)]


class GoogleMonitoringConfig(HttpSettings, DailyConfig):
    """Usage of Vertex AI, as Google Cloud Monitoring has it without any logging."""

    # What was given is in no message: it may have secrets.
    model_config = ConfigDict(hide_input_in_errors=True)

    LOOK_AT: ClassVar[str] = "`projects`, `endpoints`, and how long Cloud Monitoring keeps its metrics"
    type: Literal["google-monitoring"] = "google-monitoring"
    history: Duration = Field(
        default=timedelta(days=40),
        description="How far back days are asked for, once. Google keeps its metrics for six weeks at the least.",
        examples=["40d"],
    )
    url: str = Field(
        default="https://monitoring.googleapis.com",
        description="Address of the Monitoring API.",
        examples=["https://monitoring.googleapis.com"],
    )
    projects: list[Project] = Field(
        min_length=1,
        max_length=200,
        description="Projects whose models are called; one that is within the metrics scope of another one counts"
        " once.",
        examples=[["shop-prod", "search-prod"]],
    )
    system: System = Field(
        description="System of all calls: a constant, a template over `{model}`, `{publisher}`, `{location}`,"
        " `{project}` and, of endpoints of your own, `{endpoint}`, or rules over these.",
        examples=["support-bot", "{project}", "{project}-{model}"],
    )
    endpoints: bool = Field(
        default=False,
        description="Count calls of endpoints with models that you deployed as well; their tokens are not told.",
    )
    credentials_file: Path | None = Field(
        default=None,
        description="File with the credentials of a service account, instead of those that are found first.",
        examples=["/run/secrets/reader.json"],
    )
    quota_project: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Project whose quota is used, when it is not that of the credentials.",
    )

    @field_validator("system")
    @classmethod
    def _known_labels(cls, value: str) -> str:
        return checked_labels(value, LABELS)

    @field_validator("projects")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("names one project twice, whose calls would count twice")
        return value

    def needs(self) -> tuple[str, str] | None:
        """Google's library, and what brings it, unless a token is given."""
        return None if self.authenticates() else ("google.auth", "google-monitoring")

    def tells(self) -> Tells:
        """What Google Cloud Monitoring tells of Vertex AI."""
        return Tells(
            systems="project, model, publisher, location, endpoint",
            models="yes",
            calls="requests, by day" + ("; responses of endpoints" if self.endpoints else ""),
            tokens="input, output" + ("; none of endpoints" if self.endpoints else ""),
            cached=NO,
            errors="requests with another status than 200 to 299",
            latency="yes",
            cost=NO,
            delay=f"some minutes; a day is final {show_duration(self.ready_after)} after its end",
            permission="monitoring.timeSeries.list, as in the role Monitoring Viewer"
            + ("; serviceusage.services.use in the quota project" if self.quota_project else ""),
        )
