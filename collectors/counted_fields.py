"""The table of counted fields: all values of records that are added up, each declared once.

`Counts` is the table. A usage row, the columns of the store, the totals of a snapshot, the loops that count
records, the columns of the compiled helper and the exported counters are all made from it, so that a new counted
field is one line here, and one in each place that uses it:

- a migration in `agent/store/migrations/versions/`, which adds the column to `usage_daily`, `usage_totals` and
  `usage_highest`;
- when records may have its value, a setting of `FieldMap` in `collectors/records/format_config.py`, and the named
  formats whose producers write it;
- when it is to be exported, a line in `agent/exporter/usage_families.py`, and then the golden files and
  `docs/metrics.md`, which are rewritten with `LEVERWATCH_UPDATE_GOLDEN=1`;
- the compiled helper: `python -m leverwatch.collectors.aggregation.native_columns`, and `pip install -e .`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Adds(StrEnum):
    """What one record adds to a counted field.

    The weight of a record is the number of calls that it stands for (one, unless it says otherwise), divided by
    its sample rate.
    """

    WEIGHT = "weight"
    AMOUNT = "amount"
    """The value of a field of the record, divided by the sample rate; nothing when it is unknown."""
    AMOUNT_OR_WEIGHT = "amount or weight"
    """The same as AMOUNT; the weight when the value is unknown."""
    AMOUNT_OR_FAILURE = "amount or failure"
    """The same as AMOUNT; the weight of a failed call when the value is unknown."""
    KNOWN = "known"
    """The weight when the value is known."""
    UNKNOWN = "unknown"
    """The weight when the value is unknown."""
    TRUE = "true"
    """The weight when the value is known and true."""
    FIRST = "first"
    """One when the value is known and new. Never taken back, as the value stays known."""


class Unit(StrEnum):
    """The unit of a counted field."""

    CALLS = "calls"
    TOKENS = "tokens"
    USD = "usd"
    MILLISECONDS = "ms"
    TRACES = "traces"


class CountedField(Struct, frozen=True):
    """One line of the table."""

    name: str
    meaning: str
    adds: Adds
    of: str | None
    """The field of a record whose value is used; None for a weight."""
    unit: Unit
    unknown: str | None
    """The counted field with the number of inferences whose value is unknown, so that a sum is not mistaken for
    the total; None: they are not counted."""
    told_with: str | None
    """The name of the group of fields that one part of a streamed call gives together, counted once for a call;
    None: all parts of a call have the same value."""
    given: str | None
    """The field of a record that must be known for it to add; None: it adds in any case."""
    lacking: str | None
    """The field of a record that must be unknown for it to add; None: it adds in any case."""
    on_success: bool
    """Whether an inference adds to it."""
    on_failure: bool
    """Whether a failed call adds to it."""
    on_cache_hit: bool
    """Whether a call that was answered from a gateway's response cache adds to it."""


def counted(
    meaning: str,
    adds: Adds,
    of: str | None = None,
    unit: Unit = Unit.CALLS,
    *,
    unknown: str | None = None,
    told_with: str | None = None,
    given: str | None = None,
    lacking: str | None = None,
    on_success: bool = True,
    on_failure: bool = False,
    on_cache_hit: bool = False,
) -> Any:
    """Declare a line of the table; the arguments are those of `CountedField`."""
    line = {
        "meaning": meaning, "adds": adds, "of": of, "unit": unit, "unknown": unknown, "told_with": told_with,
        "given": given, "lacking": lacking,
        "on_success": on_success, "on_failure": on_failure, "on_cache_hit": on_cache_hit,
    }  # fmt: skip
    return field(default=0.0, metadata=line)


# Only its subclasses are built: its own methods would take longer to make than all of a command's other classes.
@dataclass(frozen=True, init=False, repr=False, eq=False)
class Counts:
    """The table. Its order is that of the columns of the store and of the compiled helper.

    Counts are floats because a record may be a sample (divided by its rate); integers are exact below 2**53.
    Unknown is never zero: a call whose tokens, cost or latency is unknown adds nothing to the sum, and adds
    its weight to the count of unknown values. An inference is a successful call that was served by a model.
    """

    __slots__ = ()

    inferences: float = counted("Successful calls served by a model.", Adds.WEIGHT)
    errors: float = counted(
        "Failed or blocked calls, and failed attempts of calls that succeeded, where a record tells them.",
        Adds.AMOUNT_OR_FAILURE,
        "errors",
        on_failure=True,
    )
    cache_hits: float = counted(
        "Calls answered by the response cache of a gateway; no model ran.",
        Adds.WEIGHT,
        on_success=False,
        on_cache_hit=True,
    )
    attempts: float = counted(
        "Calls made to a model server, successful or not, retries included.",
        Adds.AMOUNT_OR_WEIGHT,
        "attempts",
        on_failure=True,
    )
    input_tokens: float = counted(
        "Input tokens of inferences whose input is known, cached tokens included.",
        Adds.AMOUNT,
        "input_tokens",
        Unit.TOKENS,
        unknown="unknown_input",
        told_with="usage",
    )
    cached_input_tokens: float = counted(
        "Input tokens that a provider's prompt cache served, of inferences for which that is known.",
        Adds.AMOUNT,
        "cached_input_tokens",
        Unit.TOKENS,
        unknown="unknown_cached",
        told_with="usage",
    )
    output_tokens: float = counted(
        "Output tokens of inferences whose output is known.",
        Adds.AMOUNT,
        "output_tokens",
        Unit.TOKENS,
        unknown="unknown_output",
        told_with="usage",
    )
    unknown_input: float = counted(
        "Inferences whose input tokens are unknown; the token sum leaves them out.", Adds.UNKNOWN, "input_tokens"
    )
    unknown_cached: float = counted(
        "Inferences whose cached input tokens are unknown; the token sum leaves them out.",
        Adds.UNKNOWN,
        "cached_input_tokens",
    )
    unknown_output: float = counted(
        "Inferences whose output tokens are unknown; the token sum leaves them out.", Adds.UNKNOWN, "output_tokens"
    )
    cost_usd: float = counted(
        "Cost in US dollars of the calls whose cost is known, errors included.",
        Adds.AMOUNT,
        "cost_usd",
        Unit.USD,
        unknown="unpriced",
        told_with="usage",
        on_failure=True,
    )
    unpriced: float = counted(
        "Inferences whose cost is unknown; the cost sum leaves them out.", Adds.UNKNOWN, "cost_usd"
    )
    latency_ms: float = counted(
        "Sum of the latencies of inferences whose latency is known.",
        Adds.AMOUNT,
        "latency_ms",
        Unit.MILLISECONDS,
        unknown="unknown_latency",
        told_with="latency",
    )
    unknown_latency: float = counted(
        "Inferences whose latency is unknown; the latency sum leaves them out.", Adds.UNKNOWN, "latency_ms"
    )
    cache_write_tokens: float = counted(
        "Input tokens that were written to a provider's prompt cache.",
        Adds.AMOUNT,
        "cache_write_tokens",
        Unit.TOKENS,
        told_with="usage",
    )
    reasoning_tokens: float = counted(
        "Output tokens that a model spent on thinking.",
        Adds.AMOUNT,
        "reasoning_tokens",
        Unit.TOKENS,
        told_with="usage",
    )
    traced: float = counted("Inferences with a trace id.", Adds.KNOWN, "trace_id")
    traces: float = counted(
        "Distinct trace ids of inferences, each where it was first seen; never divided by a sample rate.",
        Adds.FIRST,
        "trace_id",
        Unit.TRACES,
    )
    checked: float = counted(
        "Inferences for which it is known whether their output was valid.", Adds.KNOWN, "valid", told_with="output"
    )
    invalid: float = counted("Those of them whose output was not.", Adds.TRUE, "valid", told_with="output")
    schema_checked: float = counted(
        "Inferences for which it is known whether a structured-output mode was on.",
        Adds.KNOWN,
        "schema_mode",
        told_with="output",
    )
    schema_mode: float = counted("Those of them for which it was.", Adds.TRUE, "schema_mode", told_with="output")
    finish_known: float = counted(
        "Inferences with a known finish reason.", Adds.KNOWN, "finish_reason", told_with="finish"
    )
    truncated: float = counted(
        "Those of them that ran into a limit of length.", Adds.TRUE, "finish_reason", told_with="finish"
    )
    static_known: float = counted(
        "Inferences whose static prompt tokens are known.", Adds.KNOWN, "static_input_tokens", told_with="output"
    )
    static_tokens: float = counted(
        "Sum over them of the input tokens that are the same in every call.",
        Adds.AMOUNT,
        "static_input_tokens",
        Unit.TOKENS,
        told_with="output",
    )
    costed_input_tokens: float = counted(
        "Input tokens of inferences whose cost is known; a price is for the others.",
        Adds.AMOUNT,
        "input_tokens",
        Unit.TOKENS,
        told_with="usage",
        given="cost_usd",
    )
    costed_cached_input_tokens: float = counted(
        "Input tokens from a provider's prompt cache, of inferences whose cost is known.",
        Adds.AMOUNT,
        "cached_input_tokens",
        Unit.TOKENS,
        told_with="usage",
        given="cost_usd",
    )
    costed_cache_write_tokens: float = counted(
        "Input tokens written to a provider's prompt cache, of inferences whose cost is known.",
        Adds.AMOUNT,
        "cache_write_tokens",
        Unit.TOKENS,
        told_with="usage",
        given="cost_usd",
    )
    costed_output_tokens: float = counted(
        "Output tokens of inferences whose cost is known.",
        Adds.AMOUNT,
        "output_tokens",
        Unit.TOKENS,
        told_with="usage",
        given="cost_usd",
    )
    uncosted_write_1h_tokens: float = counted(
        "Input tokens written to a provider's prompt cache for an hour, of inferences whose cost is unknown.",
        Adds.AMOUNT,
        "cache_write_1h_tokens",
        Unit.TOKENS,
        told_with="usage",
        lacking="cost_usd",
    )
    uncosted_input: float = counted(
        "Inferences whose cost and input tokens are unknown, which no price can tell.",
        Adds.UNKNOWN,
        "input_tokens",
        lacking="cost_usd",
    )
    uncosted_output: float = counted(
        "Inferences whose cost and output tokens are unknown and whose input tokens are known.",
        Adds.UNKNOWN,
        "output_tokens",
        given="input_tokens",
        lacking="cost_usd",
    )


COUNTED: tuple[CountedField, ...] = tuple(CountedField(line.name, **line.metadata) for line in fields(Counts))
"""The lines of the table."""
COLUMNS: tuple[str, ...] = tuple(line.name for line in COUNTED)
"""The names of the counted fields. The numbers of a cell are in this order."""
COLUMN_INDEX: Mapping[str, int] = {name: index for index, name in enumerate(COLUMNS)}
"""The index of each counted field in a cell."""


def counted_field(name: str) -> CountedField:
    """Return the line of a counted field. Raises KeyError when there is none with this name."""
    return COUNTED[COLUMN_INDEX[name]]


def told_together() -> dict[str, tuple[str, ...]]:
    """Return, for each `told_with`, the fields of a record that the parts of a streamed call give together."""
    found: dict[str, dict[str, None]] = {}
    for line in COUNTED:
        if line.told_with is not None and line.of is not None:
            found.setdefault(line.told_with, {})[line.of] = None
    return {name: tuple(together) for name, together in found.items()}


def amounts(unit: Unit | None = None) -> tuple[str, ...]:
    """Return the fields of a record whose values are added up, of one unit or of all."""
    return tuple(
        dict.fromkeys(
            line.of
            for line in COUNTED
            if line.of is not None and line.adds is Adds.AMOUNT and unit in (None, line.unit)
        )
    )
