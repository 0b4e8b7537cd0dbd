"""The configuration of an `sql` source."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from leverwatch.collectors.aggregation.config import SystemTemplate
from leverwatch.collectors.config import Model
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.records.fields import parse_path, parse_template
from leverwatch.collectors.sources.sql.presets.merging import merged
from leverwatch.collectors.sources.sql.presets.registry import named, preset_of

ENGINES = (
    "postgresql", "mariadb", "mysql", "sqlite", "duckdb",
    "trino", "awsathena", "bigquery", "snowflake", "databricks", "hive", "spark", "mssql", "redshift",
)  # fmt: skip
_READS = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)


class TimeIs(StrEnum):
    """How a column holds the time of a call."""

    ZONED = "zoned"
    UTC = "utc"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    TEXT = "text"


def _needs(names: Collection[str]) -> Callable[[dict[str, Any]], None]:
    """Return what says in the schema of a model that a user has to write only these: a preset has the others."""

    def change(schema: dict[str, Any]) -> None:
        schema.pop("required", None)
        if names:
            schema["required"] = sorted(names)

    return change


class SqlFields(Model):
    """Which column has each value. `usage.cached` is the key `cached` of the JSON column `usage`."""

    model_config = ConfigDict(json_schema_extra=_needs({}))

    time: str = Field(min_length=1, description="Time of the call. Required.", examples=["created_at"])
    model: str | None = Field(default=None, min_length=1, description="Model that served the call.")
    request_id: str | None = Field(default=None, min_length=1, description="Id of the call; for `distinct` only.")
    operation: str | None = Field(
        default=None, min_length=1, description="What was asked for; without it every row is a generation."
    )
    status: str | None = Field(
        default=None, min_length=1, description="Outcome: a word, an HTTP status or a boolean; success without it."
    )
    input_tokens: str | None = Field(default=None, min_length=1, description="Input tokens, cached ones included.")
    cached_input_tokens: str | None = Field(
        default=None, min_length=1, description="Input tokens read from the provider's prompt cache."
    )
    output_tokens: str | None = Field(default=None, min_length=1, description="Output tokens, reasoning included.")
    cost_usd: str | None = Field(default=None, min_length=1, description="Cost of the call in US dollars.")
    latency_ms: str | None = Field(default=None, min_length=1, description="Duration in milliseconds.")
    inferences: str | None = Field(
        default=None, min_length=1, description="How many calls a row stands for; its sums are already sums."
    )
    cache_hit: str | None = Field(
        default=None, min_length=1, description="Whether the gateway answered from its response cache."
    )
    tier: str | None = Field(default=None, min_length=1, description="Service tier, which has prices of its own.")
    attempts: str | None = Field(
        default=None, min_length=1, description="Calls to a model server that the row took, retries included."
    )
    errors: str | None = Field(
        default=None,
        min_length=1,
        description="Failed attempts that the row took; with `inferences` how many of these failed.",
    )
    cache_write_tokens: str | None = Field(
        default=None, min_length=1, description="Input tokens written to the provider's prompt cache."
    )
    reasoning_tokens: str | None = Field(
        default=None, min_length=1, description="Output tokens that the model spent on thinking."
    )
    finish_reason: str | None = Field(
        default=None, min_length=1, description="Why the model stopped; a limit of length is told from all others."
    )

    @field_validator("*")
    @classmethod
    def _path_is_sound(cls, path: str | None) -> str | None:
        if path is not None:
            parse_path(path)
        return path

    @field_validator("time")
    @classmethod
    def _time_is_a_column(cls, path: str) -> str:
        if len(parse_path(path)) > 1:
            raise ValueError("must be a column, by which rows can be found, and no key within one")
        return path

    def mapped(self) -> Mapping[str, str]:
        """Return the fields that have a column, by name."""
        return {name: path for name in type(self).model_fields if (path := getattr(self, name)) is not None}


class SqlConfig(DailyConfig):
    """Usage in a table of a database, added up there."""

    # What was given is in no message: `url` may have a password.
    model_config = ConfigDict(json_schema_extra=_needs({"name", "type", "url"}), hide_input_in_errors=True)

    type: Literal["sql"] = "sql"
    url: SecretStr = Field(
        description="Address of the database: `postgresql://user@host:5432/name`, `mariadb://` and `mysql://`"
        " alike, `sqlite:////path/to/file.db`, or `duckdb:////path/to/file.duckdb`; of a warehouse: `trino://`,"
        " `awsathena://`, `bigquery://`, `snowflake://`, `databricks://`, `spark://`, `mssql://`, `redshift://`.",
        examples=["postgresql://reader@db.internal/gateway"],
    )
    password_file: Path | None = Field(
        default=None,
        description="File that holds the password of `url`; it is read for every connection.",
        examples=["/run/secrets/reader-password"],
    )
    preset: str | None = Field(
        default=None,
        min_length=1,
        description="Name of a known table, which says `table` or `statement`, `time_is`, `fields` and what else"
        " is known of it; what is written beside it comes before that, for each field by itself.",
        examples=["litellm-spend-logs"],
    )
    schema_: str | None = Field(
        default=None,
        alias="schema",
        min_length=1,
        description="Schema that has the tables of the preset, when it is not the one of the user.",
        examples=["litellm"],
    )
    table: str | None = Field(
        default=None,
        min_length=1,
        description="Table or view with a row for each call, or for a sum of calls; its schema before a dot.",
        examples=["public.calls"],
    )
    statement: str | None = Field(
        default=None, min_length=1, description="A SELECT that is read in the place of a table."
    )
    time_is: TimeIs = Field(
        default=TimeIs.ZONED,
        description="What the column of the time has: `zoned`, a time with a zone; `utc`, one without, in UTC;"
        " `s`, `ms`, `us`, a number since 1970; `text`, ISO 8601 (UTC when it names no zone).",
    )
    fields: SqlFields = Field(description="Names of columns. Required without a preset.")
    system: SystemTemplate
    distinct: bool = Field(
        default=False,
        description="Rows with one `request_id` within two days count once; this costs the database a sort.",
    )

    @model_validator(mode="before")
    @classmethod
    def _with_its_preset(cls, given: Any) -> Any:
        """Return the settings with those of the preset in the place of what is not written."""
        if not isinstance(given, Mapping) or not isinstance(name := given.get("preset"), str):
            return given
        url, schema = given.get("url"), given.get("schema")
        try:
            engine = make_url(
                url.get_secret_value() if isinstance(url, SecretStr) else str(url)
            ).get_backend_name()
        except (ArgumentError, ValueError):
            engine = ""
        # What is wrong with `url` is said of it, and nothing else.
        preset = preset_of(name, engine) if engine in ENGINES else named(name)[0]
        if schema is not None and (given.get("table") is not None or given.get("statement") is not None):
            raise ValueError("schema is that of the tables of the preset, which are not read here")
        return merged(preset.settings(engine, schema if isinstance(schema, str) else None), given)

    @field_validator("url")
    @classmethod
    def _known_engine(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value())
        except (ArgumentError, ValueError):
            # Without a cause: its text may have the password.
            raise ValueError(
                "is no database URL (percent-encode special characters, or use password_file)"
            ) from None
        if url.get_backend_name() not in ENGINES:
            raise ValueError(f"names no database that can be read; these can: {', '.join(ENGINES)}")
        return value

    @field_validator("statement")
    @classmethod
    def _only_reads(cls, value: str | None) -> str | None:
        if value is not None and not _READS.match(value):
            raise ValueError("must begin with SELECT, WITH or VALUES")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.schema_ is not None and self.preset is None:
            raise ValueError("schema is that of a preset; of a table it is written before its name and a dot")
        if (self.table is None) == (self.statement is None):
            raise ValueError("needs one of `table` and `statement`, and not both")
        if self.distinct and self.fields.request_id is None:
            raise ValueError("distinct needs fields.request_id, by which a call is known")
        if self.password_file is not None and self.address.password is not None:
            raise ValueError("has one password too many: `url` has one, and there is a `password_file`")
        for path in parse_template(self.system).paths:
            parse_path(path)
        if self.table is not None:
            parse_path(self.table)
        return self

    @property
    def address(self) -> URL:
        """The address as written."""
        return make_url(self.url.get_secret_value())

    def declared_systems(self) -> frozenset[str]:
        """The constant system, if there is one."""
        constant = parse_template(self.system).constant
        return frozenset() if constant is None else frozenset({constant})
