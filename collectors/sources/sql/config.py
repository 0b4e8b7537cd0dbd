"""The configuration of an `sql` source."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from leverwatch.collectors.aggregation.config import SystemTemplate
from leverwatch.collectors.config import Apart, show_duration
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.records.field_checks import entry_of
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.field_values import TEXT
from leverwatch.collectors.records.fields import parse_path, parse_template
from leverwatch.collectors.records.format_config import FilterSettings, PathMap, named
from leverwatch.collectors.sources.sql.presets.interface import Preset
from leverwatch.collectors.sources.sql.presets.merging import merged
from leverwatch.collectors.sources.sql.presets.registry import all_of, preset_of
from leverwatch.collectors.tells import Tells, told_by

ENGINES = (
    "postgresql", "mariadb", "mysql", "sqlite", "duckdb", "clickhouse", "chdb",
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
    NANOSECONDS = "ns"
    TEXT = "text"


def _needs(names: Collection[str]) -> Callable[[dict[str, Any]], None]:
    """Return what says in the schema of a model that a user has to write only these: a preset has the others."""

    def change(schema: dict[str, Any]) -> None:
        schema.pop("required", None)
        if names:
            schema["required"] = sorted(names)

    return change


class SqlFields(PathMap):
    """Where a record has each value. A value that is not mapped, or that a record lacks, is unknown, not zero."""

    # The settings are those of any field map, and the documentation lists them once.
    model_config = ConfigDict(title="FieldMap", json_schema_extra=_needs({}))

    @field_validator("time")
    @classmethod
    def _time_is_a_column(cls, entry: Any) -> Any:
        spec = _spec("time", entry)
        if spec.form is not None:
            raise ValueError(
                "has a format, in which no database looks for days; a statement can turn it into a time"
            )
        if len(spec.paths) > 1 or len(parse_path(spec.paths[0])) > 1:
            raise ValueError("must be a column, by which rows can be found, and no key within one")
        return entry

    @field_validator("*")
    @classmethod
    def _can_be_asked_for(cls, entry: Any, info: ValidationInfo) -> Any:
        if entry is None:
            return entry
        name = named(str(info.field_name))
        spec = _spec(name, entry)
        if name in _NOT_ASKED:
            raise ValueError(_NOT_ASKED[name])
        if spec.session is not None:
            raise ValueError(
                "of_session is for records in their order, and a table has none; a statement can tell by how much"
                " a counter grew (`lag`)"
            )
        if spec.total is not None:
            raise ValueError(
                "total is for records as they are read; a statement can say what includes what (`CASE`)"
            )
        if spec.unit == TEXT:
            raise ValueError("has texts that say their own unit; a statement can make numbers of them")
        if spec.written is not None:
            raise ValueError(
                "decimal, thousands and dollar_sign are for texts; a statement can make numbers of them"
            )
        return entry

    @property
    def column(self) -> str:
        """The path of the column of the time."""
        return self.specs()["time"].paths[0]

    def specs(self) -> dict[str, FieldSpec]:
        """Return what is said of each mapped field."""
        return {name: FieldSpec((it,)) if isinstance(it, str) else it for name, it in self.entries().items()}


_NOT_ASKED = {
    "trace_id": "distinct traces of two questions do not add up, so that a table cannot be asked for them",
    "sample_rate": "a table is asked for sums of its rows; `inferences` says for how many calls a row stands",
}


def _spec(name: str, entry: Any) -> FieldSpec:
    found = entry_of(name, entry)
    return FieldSpec((found,)) if isinstance(found, str) else found


_DRIVERS = {
    "postgresql": ("psycopg", "postgres"),
    "duckdb": ("duckdb_engine", "duckdb"),
    "mariadb": ("pymysql", "mariadb"),
    "mysql": ("pymysql", "mariadb"),
    "clickhouse": ("clickhouse_sqlalchemy", "clickhouse"),
    "chdb": ("chdb_sqlalchemy", "chdb"),
    "trino": ("trino", "trino"),
    "awsathena": ("pyathena", "athena"),
    "bigquery": ("sqlalchemy_bigquery", "bigquery"),
    "snowflake": ("snowflake.sqlalchemy", "snowflake"),
    "databricks": ("databricks.sqlalchemy", "databricks"),
    "hive": ("pyhive", "spark"),
    "spark": ("pyhive", "spark"),
    "mssql": ("pymssql", "mssql"),
    "redshift": ("sqlalchemy_redshift", "redshift"),
}
"""What reads a kind of database, and the extra that brings it."""


class SqlConfig(FilterSettings, DailyConfig):
    """Usage in a table of a database, added up there."""

    # What was given is in no message: `url` may have a password.
    model_config = ConfigDict(json_schema_extra=_needs({"name", "type", "url"}), hide_input_in_errors=True)

    LOOK_AT: ClassVar[str] = "the column of the time, `only` and `not`"
    type: Literal["sql"] = "sql"
    url: SecretStr = Field(
        description="Address of the database: `postgresql://user@host:5432/name`, `mariadb://` and `mysql://`"
        " alike, `sqlite:////path/to/file.db`, `duckdb:////path/to/file.duckdb`, `clickhouse://user@host/name`, or"
        " `chdb:////path/to/folder`; of a warehouse: `trino://`, `awsathena://`, `bigquery://`, `snowflake://`,"
        " `databricks://`, `spark://`, `mssql://`, `redshift://`.",
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
        " `s`, `ms`, `us`, `ns`, a number since 1970; `text`, ISO 8601 (UTC when it names no zone).",
    )
    fields: Apart[SqlFields] = Field(
        description="Names of columns, or paths into a column of JSON: `usage.cached` is the key `cached` of"
        " `usage`. Required without a preset."
    )
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
        preset = preset_of(name, engine) if engine in ENGINES else all_of(name)[0]
        if schema is not None and (given.get("table") is not None or given.get("statement") is not None):
            raise ValueError("schema is that of the tables of the preset, which are not read here")
        return merged(preset.settings(engine, schema if isinstance(schema, str) else None), given)

    @model_validator(mode="before")
    @classmethod
    def _with_the_unit_of_its_time(cls, given: Any) -> Any:
        """Return the settings with `time_is` from the entry of the time, where only this says it."""
        fields = given.get("fields") if isinstance(given, Mapping) else None
        when = fields.get("time") if isinstance(fields, Mapping) else None
        unit = when.get("unit") if isinstance(when, Mapping) else None
        return given if unit is None or given.get("time_is") is not None else {**given, "time_is": unit}

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
        for path in (*parse_template(self.system).paths, *(self.only or {}), *(self.without or {})):
            parse_path(path)
        if self.table is not None:
            parse_path(self.table)
        unit = self.fields.specs()["time"].unit
        if unit is not None and unit != self.time_is:
            raise ValueError(f"time has the unit {unit}, and time_is says {self.time_is}: use one of them")
        return self

    def needs(self) -> tuple[str, str] | None:
        """The driver or dialect of the database, and what brings it; None where the address names another."""
        return _DRIVERS.get(self.address.drivername)

    def tells(self) -> Tells:
        """What the mapped columns tell."""
        entries = self.fields.entries()
        preset = None if self.preset is None else preset_of(self.preset, self.address.get_backend_name())
        names = "any column or key of JSON" if preset is None else self._systems(preset)
        tables = [self.table] if self.table is not None else list(preset.tables) if preset is not None else []
        return told_by(
            entries,
            systems=names,
            calls="as many as a row says" if "inferences" in entries else "a row",
            delay=f"up to {show_duration(self.interval)} behind the table; a day is final"
            f" {show_duration(self.ready_after)} after its end",
            permission=f"SELECT on {', '.join(tables)}" if tables else "SELECT on what the statement reads",
            cannot=() if preset is None else preset.cannot,
        )

    @staticmethod
    def _systems(preset: Preset) -> str:
        # What tells apart is said in words where the name of the column does not.
        own = () if preset.system is None else parse_template(preset.system).paths
        named = dict.fromkeys((*own, *preset.systems))
        return ", ".join(it.replace("_", " ") for it in named) or "any column"

    @property
    def address(self) -> URL:
        """The address as written."""
        return make_url(self.url.get_secret_value())
