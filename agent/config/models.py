"""Every part of the configuration file, with its meaning, bounds and defaults."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec.structs import fields
from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from leverwatch.agent.config.cross_checks import CrossChecksConfig
from leverwatch.agent.config.economics import EconomicsConfig, PricesConfig
from leverwatch.agent.config.mistakes import (
    BaselinesConfig,
    Glob,
    LockedInConfig,
    ModelConfig,
    OverEngineeringConfig,
    ReviewsConfig,
)
from leverwatch.agent.config.numbers import NoBool, Number, Whole, WithUnit
from leverwatch.agent.config.store_url import StoreUrl, parse_store_url, show_store_url
from leverwatch.agent.config.web import WebConfig
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Declaration, Settings, Strategy
from leverwatch.collectors.config import Apart, Duration, Model, SourceConfig

_DEFAULTS = Settings()
_LONGEST_SYSTEM = 200
OTHER_SYSTEMS = "(other systems)"
"""The name under which systems beyond `limits.stored_systems` are stored; no declared system can have it."""
SHORTEST_INTERVAL = timedelta(milliseconds=100)
"""The shortest interval of a source or of the evaluation; below it the agent would only start runs."""
TOO_SHORT = "must be at least 100ms"


Volume = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    NoBool,
    WithUnit,
    WithJsonSchema(
        # YAML 1.1 reads 100_000_000 as a number; editors follow YAML 1.2, where it is a text.
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": r"^[0-9][0-9_]*(\.[0-9]+)?[kKMGB]?$"},
            ]
        }
    ),
]
"""A number of inferences, which may be written with underscores, or with a unit as it is printed: 100M."""


def _printable(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_SYSTEM or not name.isprintable():
        raise ValueError(f"must be 1 to {_LONGEST_SYSTEM} printable characters, not all of them blank")
    if name == OTHER_SYSTEMS:
        raise ValueError("must not be the one of all systems beyond limits.stored_systems together")
    return name


SystemName = Annotated[str, AfterValidator(_printable), Field(max_length=_LONGEST_SYSTEM)]
"""The name of a system. It accepts all names that records can have, so that every found system can be declared."""

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


def section(description: str, **settings: Any) -> Any:
    """Return the field of a part of the file that may be left out, and is then as if it was there and empty.

    The empty part is made by the model around it: an instance as the default would need a validator of its own.
    """
    return Field(default={}, validate_default=True, description=description, **settings)


class StoreConfig(Model):
    """The database that holds counts, prompt changes and verdicts."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///leverwatch.db"),
        description="SQLAlchemy URL of an SQLite file or a PostgreSQL database. A relative SQLite path starts at "
        "the folder of the configuration file. Changing it needs a restart.",
        examples=["sqlite:////var/lib/leverwatch/leverwatch.db", "postgresql://leverwatch@db.internal/leverwatch"],
    )
    password_file: Path | None = Field(
        default=None,
        description="File that holds the password of a PostgreSQL `url`. Changing it needs a restart.",
        examples=["/run/secrets/leverwatch-db"],
    )

    @field_validator("url")
    @classmethod
    def _readable(cls, value: SecretStr) -> SecretStr:
        parse_store_url(value.get_secret_value())
        return value

    @field_validator("password_file")
    @classmethod
    def _one_password(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        url = info.data.get("url")
        if value is not None and url is not None:
            parsed = parse_store_url(url.get_secret_value())
            if parsed.get_backend_name() == "sqlite":
                raise ValueError("is only for PostgreSQL; SQLite has no password")
            if parsed.password is not None:
                raise ValueError("is one password too many: store.url has one")
        return value

    def parsed_url(self) -> StoreUrl:
        """The URL as written: relative paths are relative, and the password of `password_file` is not in it."""
        return parse_store_url(self.url.get_secret_value())

    def shown_url(self) -> str:
        """The URL without secrets, for logs and pages."""
        return show_store_url(self.parsed_url())


class EvaluationConfig(Model):
    """How often the framework is reapplied."""

    interval: Duration = Field(
        default=timedelta(minutes=5),
        description="Pause between two evaluations of all systems.",
        examples=["5m"],
    )

    @field_validator("interval")
    @classmethod
    def _pauses(cls, value: timedelta) -> timedelta:
        if value < SHORTEST_INTERVAL:
            raise ValueError(TOO_SHORT)
        return value


class FrameworkConfig(Model):
    """The thresholds of the decision framework."""

    hybrid_from: Volume = Field(
        default=_DEFAULTS.hybrid_from,
        description="Monthly inferences from which volume recommends a hybrid (inclusive); 100M is the same as "
        "100000000.",
        examples=[100_000_000],
    )
    fine_tuning_above: Volume = Field(
        default=_DEFAULTS.fine_tuning_above,
        validate_default=True,
        description="Monthly inferences above which volume recommends fine-tuning (exclusive). "
        "Not below `hybrid_from`.",
        examples=[1_000_000_000],
    )
    leave_ratio: Number = Field(
        default=_DEFAULTS.leave_ratio,
        gt=0,
        le=1,
        description="A volume band entered at a threshold is left below this share of it.",
        examples=[0.9],
    )
    dwell_days: Whole = Field(
        default=_DEFAULTS.dwell_days,
        ge=0,
        le=365,
        description="Consecutive days in a new volume band before it settles.",
        examples=[7],
    )
    minimum_days: Whole = Field(
        default=_DEFAULTS.minimum_days,
        ge=1,
        le=28,
        description="Days with known usage, of the trailing 28, below which the volume is unknown unless no"
        " missing day could move the band.",
        examples=[21],
    )
    stale_after_days: Whole = Field(
        default=_DEFAULTS.stale_after_days,
        ge=1,
        le=28,
        description="Age in days of the newest known usage above which the last recommendation is held.",
        examples=[2],
    )
    frequent_days_per_week: Number = Field(
        default=_DEFAULTS.frequent_days_per_week,
        gt=0,
        le=7,
        description="Days a week with a prompt change from which prompts change frequently (inclusive).",
        examples=[1],
    )
    frequency_leave_ratio: Number = Field(
        default=_DEFAULTS.frequency_leave_ratio,
        gt=0,
        le=1,
        description="Frequent prompt changes are no longer so below this share of `frequent_days_per_week`.",
        examples=[0.5],
    )
    frequency_dwell_days: Whole = Field(
        default=_DEFAULTS.frequency_dwell_days,
        ge=0,
        le=365,
        description="Consecutive days before prompt changes settle as frequent, or as no longer so.",
        examples=[3],
    )
    frequency_change_odds: Number = Field(
        default=_DEFAULTS.frequency_change_odds,
        gt=1,
        le=1_000_000,
        description="How many times as likely as an unchanged one a new rate of prompt changes must be, for older "
        "weeks to count no more.",
        examples=[200],
    )
    frequency_weeks: Whole = Field(
        default=_DEFAULTS.frequency_weeks,
        ge=1,
        le=104,
        description="Trailing weeks of the median of days with a prompt change, which only is shown.",
        examples=[13],
    )
    minimum_history_weeks: Whole = Field(
        default=_DEFAULTS.minimum_history_weeks,
        ge=1,
        le=104,
        validate_default=True,
        description="Weeks of prompt history below which the frequency is unknown. Not above `frequency_weeks`.",
        examples=[4],
    )

    baselines: Apart[BaselinesConfig] = section("When a fine-tuned model needs a baseline.")
    over_engineering: Apart[OverEngineeringConfig] = section("When a prompt looks over-engineered.")
    reviews: Apart[ReviewsConfig] = section("When a declaration has to be reviewed.")
    locked_in: Apart[LockedInConfig] = section("When measurements support the need for locked-in behaviour.")

    @field_validator("fine_tuning_above")
    @classmethod
    def _ordered(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("hybrid_from", value):
            raise ValueError("must not be below framework.hybrid_from")
        return value

    @field_validator("minimum_history_weeks")
    @classmethod
    def _within(cls, value: int, info: ValidationInfo) -> int:
        if value > info.data.get("frequency_weeks", value):
            raise ValueError("must not be above framework.frequency_weeks")
        return value

    def to_settings(self) -> Settings:
        """Return the thresholds as settings of the framework."""
        return Settings(**{field.name: getattr(self, field.name) for field in fields(Settings)})


MOST_SOURCES = 1_000
"""The largest number of sources; the shipped limits of memory and tasks are tested with it."""
MOST_SYSTEMS = 10_000


class LimitsConfig(Model):
    """How many names found in records are stored, and how many become labels of metrics."""

    undeclared_systems: Whole = Field(
        default=100,
        ge=0,
        description="Systems shown that are in records but not in this file. More are counted and not shown.",
        examples=[100],
    )
    models_per_system: Whole = Field(
        default=20,
        ge=1,
        description="Models shown for each system; the rest is one model named `other`.",
        examples=[20],
    )
    stored_systems: Whole = Field(
        default=10_000,
        ge=0,
        description="Systems stored by name that are in records but not in this file. What lies beyond is counted "
        "as one, `(other systems)`, which no verdict is about. A name that is stored stays stored.",
        examples=[10_000],
    )
    stored_models: Whole = Field(
        default=200,
        ge=1,
        description="Models stored by name for each system; the rest is one model named `other`.",
        examples=[200],
    )


class LogLevel(StrEnum):
    """The least important messages that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogConfig(Model):
    """The agent's own log, on standard error."""

    level: LogLevel = Field(
        default=LogLevel.INFO, description="The least important messages that are written.", examples=["info"]
    )
    format: Literal["logfmt", "json"] = Field(
        default="logfmt",
        description="One line of key=value pairs, or one JSON object, for each event.",
        examples=["json"],
    )


class SystemConfig(Model):
    """What the team says of one system."""

    declared_strategy: Strategy | None = Field(
        default=None,
        description="What the team runs today. Without it no mismatch can be found.",
        examples=["prompt_engineering"],
    )
    reviewed: date | None = Field(
        default=None, description="Day on which the team last reviewed the declaration.", examples=["2026-10-01"]
    )
    locked_in_behavior: tuple[Text, ...] = Field(
        default=(),
        description="Reasons why tone, domain reasoning or an exact format must hold. Any one activates the rule.",
        examples=[["JSON schema v3"]],
    )

    economics: Apart[EconomicsConfig] = section("What differs from the section `economics` for this system.")
    tuned_models: tuple[Glob, ...] = Field(
        default=(),
        description="Globs of its fine-tuned models, beside `framework.baselines.tuned_models`.",
        examples=[["support-*"]],
    )

    def to_declaration(self) -> Declaration:
        """Return what is declared of the system as a value of the framework."""
        return Declaration(self.declared_strategy, self.reviewed, self.locked_in_behavior)


class Config(Model):
    """One configuration file. `build_config_model` narrows `sources` to the kinds of source there are."""

    store: Apart[StoreConfig] = section("The database.")
    web: Apart[WebConfig] = section("The HTTP server.", validation_alias=AliasChoices("web", "server"))
    evaluation: Apart[EvaluationConfig] = section("The schedule of the verdicts.")
    framework: Apart[FrameworkConfig] = section("The thresholds of the framework.")
    prices: Apart[PricesConfig] = section("The prices of models.")
    economics: Apart[EconomicsConfig] = section("What fine-tuning would cost, for every system.")
    cross_checks: Apart[CrossChecksConfig] = section("When two sources of one system diverge.")
    limits: Apart[LimitsConfig] = section("Caps on names found in records.")
    log: Apart[LogConfig] = section("The agent's own log.")
    cache_dir: Path | None = Field(
        default=None,
        description="Folder for fetched copies of git repositories; losing it loses time, never counts. Default: "
        "the folder `cache` beside the SQLite file, or beside the configuration file.",
        examples=["/var/cache/leverwatch"],
    )
    sources: tuple[SourceConfig, ...] = Field(
        default=(), max_length=MOST_SOURCES, description="Where usage and prompt changes come from; at most 1,000."
    )
    systems: dict[SystemName, SystemConfig] = Field(
        default_factory=dict,
        max_length=MOST_SYSTEMS,
        description="The systems that the team declares, by name; at most 10,000.",
    )

    models: dict[Glob, Apart[ModelConfig]] = Field(
        default_factory=dict,
        description="Last days of models, by name or glob.",
        examples=[{"gpt-4o*": {"shutdown": "2027-01-14"}}],
    )

    def to_mistakes(self) -> MistakeSettings:
        """Return the settings of everything watched in addition to the five rules, as values of the framework."""
        return MistakeSettings(
            baselines=self.framework.baselines.to_settings(),
            over_engineering=self.framework.over_engineering.to_settings(),
            reviews=self.framework.reviews.to_settings(),
            shutdowns=self.framework.reviews.to_shutdown_settings(),
            locked_in=self.framework.locked_in.to_settings(),
            last_days={name: model.shutdown for name, model in self.models.items()},
            tuned_models={name: system.tuned_models for name, system in self.systems.items()},
        )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        # Any text of a source may come from ${ENV}; its name and type are enough to recognise it.
        parts: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        parts["sources"] = [f"{source.name} ({source.type})" for source in self.sources]
        return list(parts.items())
