"""Tables that providers' own pages export, known by the names of their columns: each row as that page means it.

An export that tells tokens without the number of calls cannot be counted, as a day of calls is not one call: the
console of Anthropic writes such a one. It is known here so that nobody takes its rows for calls.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX, FIELDS
from leverwatch.collectors.records.filters import Filter
from leverwatch.collectors.records.formats.delimited import Delimited
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, Parsed, Reader, Repeats
from leverwatch.collectors.records.formats.plain import Plan
from leverwatch.collectors.records.formats.table_header import Dialect

_INPUT, _OUTPUT, _COST = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"], FIELD_INDEX["cost_usd"]
_CACHED, _WRITTEN = FIELD_INDEX["cached_input_tokens"], FIELD_INDEX["cache_write_tokens"]
_CALLS, _TIER, _STATUS = FIELD_INDEX["inferences"], FIELD_INDEX["tier"], FIELD_INDEX["status"]


class Export(Struct, frozen=True):
    """What an export is."""

    fields: Mapping[str, str]
    """The column of each field."""
    extras: tuple[str, ...]
    """Further columns that `settle` needs, as text."""
    marks: frozenset[str]
    """Columns that together only this export has."""
    settle: Callable[..., Result | None]
    """Changes a row to what it means, given the row as a list and the extras; returns what it is when it is no
    call."""
    needs: tuple[str, ...] | None = None
    """Fields with which names alone decide what `settle` makes of a row, and it changes no number; None: there are
    no such."""


def _as_it_is(row: list[Any]) -> Result | None:  # noqa: ARG001 - it says all there is to say
    return None


def _openai(row: list[Any], batch: str | None, tier: str | None) -> Result | None:
    if row[_CALLS] is None:
        return Result.NOT_A_CALL  # a time without any call has a row too
    row[_TIER] = "batch" if (batch or "").lower() == "true" else tier
    return None


def _cursor(row: list[Any], fresh: str | None, cost: str | None, kind: str | None) -> Result | None:
    total, output, read, written = row[_INPUT], row[_OUTPUT], row[_CACHED], row[_WRITTEN]
    # The total tells whether what was written to the cache stands beside the rest or includes it.
    if total is not None and output is not None and total >= output:
        row[_INPUT] = total - output
        if written is not None and read is not None and fresh and fresh.isdigit():
            beside = total == written + int(fresh) + read + output
            row[_WRITTEN] = written if beside else max(written - int(fresh), 0)
    else:
        row[_INPUT] = None
    row[_COST] = _dollars(cost)
    row[_STATUS] = "error" if (kind or "").lower().startswith(("errored", "aborted")) else None
    return None


def _dollars(text: str | None) -> float | None:
    """Return an amount of dollars; None for a word, such as `Included`, which tells none."""
    try:
        amount = float((text or "").removeprefix("$"))
    except ValueError:
        return None
    return amount if 0 <= amount <= MAX_AMOUNT else None


EXPORTS: Mapping[str, Export] = {
    "openai-usage": Export(
        {
            "time": "start_time", "model": "model", "inferences": "num_model_requests",
            "input_tokens": "input_tokens", "cached_input_tokens": "input_cached_tokens",
            "output_tokens": "output_tokens",
        },
        ("batch", "service_tier"),
        frozenset({"start_time", "end_time", "num_model_requests", "input_tokens", "output_tokens"}),
        _openai,
        ("inferences",),
    ),
    "cursor-usage": Export(
        {
            "time": "Date", "model": "Model", "status": "Kind", "input_tokens": "Total Tokens",
            "cached_input_tokens": "Cache Read", "cache_write_tokens": "Input (w/ Cache Write)",
            "output_tokens": "Output Tokens",
        },
        ("Input (w/o Cache Write)", "Cost", "Kind"),
        frozenset({"Date", "Model", "Input (w/ Cache Write)", "Cache Read", "Output Tokens", "Total Tokens"}),
        _cursor,
    ),
    "openrouter-activity": Export(
        {
            "time": "created_at", "request_id": "generation_id", "model": "model_permaslug",
            "input_tokens": "tokens_prompt", "cached_input_tokens": "tokens_cached",
            "output_tokens": "tokens_completion", "reasoning_tokens": "tokens_reasoning", "cost_usd": "cost_total",
            "latency_ms": "generation_time_ms", "finish_reason": "finish_reason_normalized",
        },
        (),
        frozenset({"generation_id", "created_at", "tokens_prompt", "tokens_completion", "model_permaslug"}),
        _as_it_is,
        (),
    ),
}  # fmt: skip
"""By the value of `format` in the configuration."""
WITHOUT_CALLS = frozenset(
    {"usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens"}
)
"""Columns of the console of Anthropic, whose rows are sums of an unknown number of calls."""


_LONGEST = 64 << 10
LITELLM_SPEND = "litellm-spend"
SPEND = frozenset(
    {"request_id", "call_type", "spend", "prompt_tokens", "completion_tokens", "startTime", "endTime"}
)
"""Columns that together only the table of LiteLLM's spend logs has."""
_SPEND = (
    *sorted(SPEND), "completionStartTime", "api_key", "total_tokens", "model", "model_id", "model_group",
    "custom_llm_provider", "api_base", "user", "metadata", "cache_hit", "cache_key", "request_tags", "team_id",
    "organization_id", "end_user", "session_id", "status", "agent_id",
)  # fmt: skip
"""Its columns without those of texts."""
NAMES = (*EXPORTS, LITELLM_SPEND)
"""The names of all exports."""


def export_of(names: Sequence[str]) -> str | None:
    """Return the name of the export with these columns; None when it is none."""
    columns = frozenset(names)
    if columns >= SPEND:
        return LITELLM_SPEND
    return next((name for name, export in EXPORTS.items() if export.marks <= columns), None)


def known_columns(name: str) -> frozenset[str]:
    """Return the columns of an export that are read, or known to say nothing of a call."""
    if name == LITELLM_SPEND:
        return frozenset(_SPEND)
    export = EXPORTS[name]
    return frozenset((*export.fields.values(), *export.extras, *export.marks))


def table_names(data: bytes) -> list[str] | None:
    """Return the names in the first line of a table with commas; None when it is none."""
    line = data[: data.find(b"\n") + 1]
    try:
        rows = Dialect().cells([line.decode("utf-8-sig").rstrip("\r\n")]) if 0 < len(line) <= _LONGEST else []
    except (csv.Error, UnicodeDecodeError):
        return None
    return [name.strip() for name in rows[0]] if rows and len(rows[0]) > 1 else None


class Exported:
    """Reads an export; `template` are the columns of the system template."""

    wants_header = True
    repeats = Repeats.CALLS

    def __init__(
        self, export: Export, template: tuple[str, ...], delimiter: str = ",", chosen: Filter | None = None
    ) -> None:
        dialect = Dialect(delimiter, missing_unknown=True)
        self._export, self._start = export, len(FIELDS) + len(template)
        self._end = self._start + len(export.extras)
        fields = dict(export.fields)
        self._inner = Delimited(fields, (*template, *export.extras), delimiter, dialect=dialect, chosen=chosen)
        self.framing, self.table = self._inner.framing, self._inner.table
        self.has_extended = self._inner.has_extended
        self.known = self._inner.known | {"tier", "status", "cost_usd"}
        self._columns = (*export.marks, *template, *(column for column, _, _ in (chosen.tests if chosen else ())))

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """Return messages about columns that the export should have, and those of the template and the filter."""
        wrong = self._inner.check_header(line)
        return wrong or tuple(
            f"no column {it}" for it in dict.fromkeys(self._columns) if it not in self.table.names(line)
        )

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain rows; None when it cannot."""
        plan, needs = self._inner.plan(), self._export.needs
        if plan is None or plan.table is None or needs is None:
            return None
        return replace(plan, table=replace(plan.table, parse=self.parse, needs=needs))

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Read whole rows, each as the export means it."""
        parsed = self._inner.parse(data, header)
        kept: list[int] = []
        rows = []
        for index, row in enumerate(parsed.rows):
            settled = [*row[: self._start], *row[self._end :]]
            result = self._export.settle(settled, *row[self._start : self._end])
            rows.append(tuple(settled))
            if result is None:
                kept.append(index)
            else:
                parsed.passed[result] = parsed.passed.get(result, 0) + 1
        if len(kept) < len(rows):
            parsed.keep(kept)
            rows = [rows[index] for index in kept]
        parsed.rows = rows
        return parsed


class SpendTable:
    """The table of LiteLLM's spend logs, as a database writes it to a file; `reader` reads its rows as objects."""

    wants_header = True

    def __init__(self, reader: Reader, delimiter: str = ",", chosen: Filter | None = None) -> None:
        dialect = Dialect(delimiter, missing_unknown=True)
        self._inner = Delimited({"time": "startTime"}, _SPEND, delimiter, dialect=dialect, chosen=chosen)
        self._reader = reader
        self.framing, self.table = self._inner.framing, self._inner.table
        self.has_extended, self.known, self.repeats = (
            self._reader.has_extended,
            self._reader.known,
            self._reader.repeats,
        )

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """Return messages about columns that the table should have."""
        wrong = self._inner.check_header(line)
        return wrong or tuple(f"no column {it}" for it in sorted(SPEND.difference(self.table.names(line))))

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Read whole rows, each as the object that it is in the database."""
        table = self._inner.parse(data, header)
        width = slice(len(FIELDS), len(FIELDS) + len(_SPEND))
        told = (dict(zip(_SPEND, row[width], strict=True)) for row in table.rows)
        parsed = self._reader.read([msgspec.json.encode({k: v for k, v in it.items() if v}) for it in told])
        lines = table.lines or []
        parsed.lines = lines if parsed.lines is None else [lines[index] for index in parsed.lines]
        parsed.refused = [(lines[index], result, detail) for index, result, detail in parsed.refused]
        parsed.refused = sorted([*table.refused, *parsed.refused], key=lambda refusal: refusal[0])
        parsed.ignored += table.ignored
        parsed.passed = {**table.passed, **parsed.passed}
        parsed.seen += table.seen
        return parsed
