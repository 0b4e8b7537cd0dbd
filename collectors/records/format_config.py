"""The settings of how the records of a file are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from leverwatch.collectors.config import Apart, Model
from leverwatch.collectors.records.by_name import ByName
from leverwatch.collectors.records.field_checks import check_entries, entry_of
from leverwatch.collectors.records.field_config import (
    CacheHitEntry,
    Entry,
    FinishReasonEntry,
    IdEntry,
    NameEntry,
    OperationEntry,
    SchemaModeEntry,
    StatusEntry,
    TierEntry,
    TimeEntry,
    ValidEntry,
)
from leverwatch.collectors.records.field_numbers import CostEntry, DurationEntry, NumberEntry, PartEntry
from leverwatch.collectors.records.field_rows import counters_of, paths_of
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.fields import parse_path
from leverwatch.collectors.records.filter_config import Entries, filter_of
from leverwatch.collectors.records.filters import Filter
from leverwatch.collectors.records.formats.exports import NAMES as EXPORTS
from leverwatch.collectors.records.formats.interface import MIN_RATE, Repeats
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.formats.table_header import Dialect
from leverwatch.collectors.records.framing.registry import CONTAINERS
from leverwatch.collectors.records.shapes_config import InBlocks, Inside, OfObjects, OfTexts, Patterned, Signed

FramingName = Literal["lines", "json", "length-prefixed"]
WrapperName = Literal["docker", "cri", "journald", "json-string", "prefix", "python", "columns"]
_FRAMING = (
    "Where records end: `lines`; `json`, objects on any number of lines or in arrays; or `length-prefixed`, the"
    " frames of the OpenTelemetry Collector's file exporter."
)
_WRAP = "What other programs put around each record, the outermost first."
_TEXT_FIELDS = (
    "With `wrap: json-string`: the fields that may hold the record; by default `message`, `log`, `msg`, `body`."
)
_REPEATS = (
    "What another record with the same `request_id` is: `calls`, another call unless it says the same; or"
    " `versions`, the same call, whose earlier record it replaces."
)

_ONLY = (
    "Which records are calls, by path or column: a value, a list of values, `{prefix: x}` or `{present: true}`;"
    " all of them hold."
)
_NOT = "Which records are none, written the same way; a record of which one holds is left out as `filtered`."


Time = Annotated[str | tuple[str, ...] | TimeEntry, Entry(TimeEntry)]
Name = Annotated[str | tuple[str, ...] | NameEntry, Entry(NameEntry)]
Id = Annotated[str | tuple[str, ...] | IdEntry, Entry(IdEntry)]
Operation = Annotated[str | tuple[str, ...] | OperationEntry, Entry(OperationEntry)]
Status = Annotated[str | tuple[str, ...] | StatusEntry, Entry(StatusEntry)]
Number = Annotated[str | tuple[str, ...] | NumberEntry, Entry(NumberEntry)]
Part = Annotated[str | tuple[str, ...] | PartEntry, Entry(PartEntry)]
CacheHit = Annotated[str | tuple[str, ...] | CacheHitEntry, Entry(CacheHitEntry)]
Tier = Annotated[str | tuple[str, ...] | TierEntry, Entry(TierEntry)]
Valid = Annotated[str | tuple[str, ...] | ValidEntry, Entry(ValidEntry)]
SchemaMode = Annotated[str | tuple[str, ...] | SchemaModeEntry, Entry(SchemaModeEntry)]
FinishReason = Annotated[str | tuple[str, ...] | FinishReasonEntry, Entry(FinishReasonEntry)]
Cost = Annotated[str | tuple[str, ...] | CostEntry, Entry(CostEntry)]
Duration = Annotated[DurationEntry, Entry(DurationEntry, short=False)]


def named(setting: str) -> str:
    """Return the field that a setting of a map says."""
    return "latency_ms" if setting == "latency" else setting


class FieldMap(Model):
    """Where a record has each value. A value that is not mapped, or that a record lacks, is unknown, not zero."""

    time: Time = Field(description="Time of the call. Required.", examples=["ts"])
    model: Name | None = Field(default=None, description="Model that served the call.")
    request_id: Id | None = Field(
        default=None, description="Id that is the same when a record is delivered twice."
    )
    operation: Operation | None = Field(
        default=None, description="What was asked for; without it the name of the model tells."
    )
    status: Status | None = Field(
        default=None, description="Outcome: a word, an HTTP status or a boolean; success without it."
    )
    input_tokens: Number | None = Field(default=None, description="Input tokens, cached ones included.")
    cached_input_tokens: Part | None = Field(
        default=None, description="Input tokens read from the provider's prompt cache."
    )
    output_tokens: Number | None = Field(default=None, description="Output tokens, reasoning included.")
    cost_usd: Cost | None = Field(
        default=None,
        description="Cost of the call in US dollars.",
        examples=["cost", {"path": "cents", "unit": "cents"}],
    )
    latency_ms: Number | None = Field(default=None, description="Duration in milliseconds.")
    latency: Duration | None = Field(
        default=None,
        description="Duration in another unit, which it names.",
        examples=[{"path": "seconds", "unit": "s"}],
        # Else the settings that ranges were refused under would be others than before there was one.
        exclude_if=lambda entry: entry is None,
    )
    trace_id: Id | None = Field(default=None, description="Trace of the call; its distinct values are counted.")
    inferences: Number | None = Field(
        default=None, description="How many calls the record stands for; its sums are already sums."
    )
    sample_rate: Number | None = Field(
        default=None, description="Share of the calls that is logged, from 0.000001 to 1."
    )
    cache_hit: CacheHit | None = Field(
        default=None, description="Whether the gateway answered from its response cache."
    )
    tier: Tier | None = Field(
        default=None,
        description="Service tier, which has prices of its own: `batch`, `flex`, `priority`, `fast`; the standard"
        " one without it.",
    )
    attempts: Number | None = Field(
        default=None, description="Calls to a model server that the record took, retries included."
    )
    errors: Number | None = Field(
        default=None,
        description="Failed attempts that the record took, also those of a call that succeeded in the end; with"
        " `inferences` how many of these failed.",
    )
    cache_write_tokens: Part | None = Field(
        default=None, description="Input tokens written to the provider's prompt cache."
    )
    cache_write_1h_tokens: Number | None = Field(
        default=None, description="Those of them that are kept for an hour, which costs more."
    )
    reasoning_tokens: Part | None = Field(
        default=None, description="Output tokens that the model spent on thinking."
    )
    valid: Valid | None = Field(
        default=None, description="Whether the output passed the application's validation."
    )
    schema_mode: SchemaMode | None = Field(
        default=None,
        description="Whether a structured-output mode was on: a boolean, or the type of response format.",
    )
    finish_reason: FinishReason | None = Field(
        default=None, description="Why the model stopped; a limit of length is told from all others."
    )
    static_input_tokens: Number | None = Field(
        default=None, description="Input tokens that are the same in every call of the system."
    )

    @field_validator("*")
    @classmethod
    def _entries_are_sound(cls, entry: Any, info: ValidationInfo) -> Any:
        if entry is not None:
            entry_of(named(str(info.field_name)), entry)
        return entry

    @model_validator(mode="after")
    def _entries_fit_together(self) -> Self:
        check_entries(self.entries())
        return self

    def entries(self) -> dict[str, str | FieldSpec]:
        """Return what is said of each mapped field: its path alone, or more.

        Raises:
            ValueError: a field cannot be what is said of it.
        """
        if self.latency is not None and self.latency_ms is not None:
            raise ValueError("latency and latency_ms are one field; only one can be mapped")
        given = ((named(name), entry) for name, entry in self if entry is not None)
        return {name: entry_of(name, entry) for name, entry in given}


class PathMap(FieldMap):
    """Where a record has each value. A value that is not mapped, or that a record lacks, is unknown, not zero."""

    # The settings are those of any field map, and the documentation lists them once.
    model_config = ConfigDict(title="FieldMap")

    @field_validator("*")
    @classmethod
    def _paths_are_sound(cls, entry: Any, info: ValidationInfo) -> Any:
        if entry is not None:
            name = named(str(info.field_name))
            for path in paths_of({name: entry_of(name, entry)}):
                parse_path(path)
        return entry


class FilterSettings(Model):
    """Which records are calls."""

    only: Entries | None = Field(default=None, description=_ONLY, examples=[{"event": "message_send"}])
    without: Entries | None = Field(
        default=None, alias="not", description=_NOT, examples=[{"state": ["skipped", "fallback"]}]
    )

    @property
    def filter(self) -> Filter | None:
        """What says which records are calls; None: nothing does."""
        return filter_of(self.only, self.without)


class _Framed(FilterSettings):
    framing: FramingName | None = Field(default=None, description=_FRAMING)


class _WrappedFormat(FilterSettings):
    wrap: WrapperName | tuple[WrapperName, ...] = Field(default=(), description=_WRAP, examples=["docker"])
    text_fields: tuple[str, ...] = Field(default=(), description=_TEXT_FIELDS)

    @field_validator("only", "without")
    @classmethod
    def _filter_has_paths(cls, entries: Entries | None) -> Entries | None:
        for path in entries or {}:
            parse_path(path)
        return entries

    @field_validator("wrap")
    @classmethod
    def _containers_are_outermost(
        cls, wrap: WrapperName | tuple[WrapperName, ...]
    ) -> WrapperName | tuple[WrapperName, ...]:
        if not isinstance(wrap, str) and any(name in CONTAINERS for name in wrap[1:]):
            raise ValueError("docker, cri and journald cannot be inside another wrapper")
        return wrap

    @property
    def wrappers(self) -> tuple[WrapperName, ...]:
        """The names of the wrappers, the outermost first."""
        return (self.wrap,) if isinstance(self.wrap, str) else self.wrap


class _JsonFormat(_WrappedFormat, _Framed):
    """A format of JSON objects."""


class _Mapped(Model):
    repeats: Repeats = Field(default=Repeats.CALLS, description=_REPEATS)

    @model_validator(mode="after")
    def _versions_have_an_id(self) -> Self:
        fields: FieldMap | None = getattr(self, "fields", None)
        if self.repeats is Repeats.VERSIONS and fields is not None and fields.request_id is None:
            raise ValueError("repeats: versions needs fields.request_id, by which a version is known")
        if self.repeats is Repeats.VERSIONS and fields is not None and counters_of(fields.entries()):
            raise ValueError("repeats: versions replaces what a version told, and of_session adds to it: use one")
        return self


class JsonlFormat(_JsonFormat, _Mapped, Inside, OfTexts):
    """One JSON object a line, read by a field map."""

    type: Literal["jsonl"]
    fields: Apart[PathMap] = Field(
        description=r"Paths into the record, keys joined by dots; a dot inside a key is written `\.`."
    )


class _TextFormat(_WrappedFormat, _Mapped, InBlocks):
    """Lines of text, read by a field map."""

    @model_validator(mode="after")
    def _text_needs_no_prefix(self) -> Self:
        name: str = getattr(self, "type", "")
        if "prefix" in self.wrappers:
            raise ValueError(f"{name} needs no wrap: prefix: it looks for what it reads anywhere in a line")
        if made := next((it for it in self.wrappers if it in ("python", "columns")), None):
            raise ValueError(f"{name} reads text, and wrap: {made} makes JSON of it: use jsonl")
        return self


class LogfmtFormat(_TextFormat, Signed):
    """Lines of `key=value` pairs, maybe with other text before and between them, read by a field map."""

    type: Literal["logfmt"]
    fields: Apart[PathMap] = Field(
        description=r"Keys of pairs; of a value that is JSON, paths into it. A dot inside a key is written `\.`."
    )


class LinesFormat(_TextFormat, Patterned):
    """Lines of text whose values a pattern finds, read by a field map."""

    type: Literal["lines"]
    fields: Apart[PathMap] = Field(description="Names of groups of the pattern.")

    @model_validator(mode="after")
    def _groups_are_there(self) -> Self:
        for path in paths_of(self.fields.entries()):
            if path not in self.groups:
                raise ValueError(f"fields: the pattern has no group {path}")
        return self


class CsvFormat(FilterSettings, _Mapped, OfObjects):
    """One record a row, values separated by a delimiter, names in the first row of every file."""

    type: Literal["csv"]
    fields: Apart[FieldMap] = Field(description="Names of columns.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="What separates two values.")
    quote: str = Field(
        default='"',
        max_length=1,
        description="What stands around a value that has a delimiter or a line break in it; twice in a value it is"
        " itself. Empty: nothing does, as in what `mysql --batch` prints.",
    )
    decimal: Literal[".", ","] = Field(default=".", description="What separates the fraction of a number.")
    thousands: str = Field(
        default="",
        max_length=1,
        description="What separates the thousands of a number, in groups of three digits; empty: nothing.",
        examples=["."],
    )
    columns: tuple[str, ...] = Field(
        default=(),
        description="Names of the columns in their order, for files without a header, or with rows that got more"
        " columns than their header has. A header is passed over, and a row may lack values at its end.",
    )
    other_columns: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="Names of the columns of rows that have another number of values than `columns`, one list for"
        " each number: as where a program put a new column between the others, and left the header as it was.",
        examples=[[["time", "model", "user", "tokens"]]],
    )
    missing_columns: Literal["refuse", "unknown"] = Field(
        default="refuse",
        description="What a mapped column that a header lacks is: a mistake, which ends the run, or `unknown`, as"
        " where files got it only from some day on.",
    )

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        if fault := self.dialect.fault():
            raise ValueError(fault)
        return self

    @property
    def dialect(self) -> Dialect:
        """How the table is written."""
        return Dialect(
            self.delimiter,
            self.quote,
            self.decimal,
            self.thousands,
            self.columns,
            self.other_columns,
            self.missing_columns == "unknown",
            self.objects,
        )


class NamedFormat(_JsonFormat):
    """The log of a known producer; its page in the documentation says what becomes of each record."""

    type: Literal[tuple(NAMED)] = Field(  # type: ignore[valid-type]  # the names are where formats register
        description="The producer."
    )
    sample_rate: float | None = Field(
        default=None,
        ge=MIN_RATE,
        le=1,
        description="Share of the calls that the producer logs, when it logs a sample.",
    )


class ExportFormat(FilterSettings):
    """A table that the page of a provider exports, known by its columns: OpenAI's usage, Cursor's usage events,
    the activity of OpenRouter, or LiteLLM's table of spend logs."""

    type: Literal[tuple(EXPORTS)] = Field(  # type: ignore[valid-type]  # the names are where exports register
        description="The export."
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="What separates two values.")


FileFormat = Annotated[
    JsonlFormat | LogfmtFormat | LinesFormat | CsvFormat | NamedFormat | ExportFormat,
    Discriminator("type"),
    ByName(),
]
"""A format with its settings, or the name of one that needs none."""
