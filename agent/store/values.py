"""What a database can store: names that fit their columns, and numbers whose sums stay finite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import MAXYEAR, datetime
from math import isnan
from operator import attrgetter

from sqlalchemy import Table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from leverwatch.agent.store.schema import (
    COUNTS,
    USED,
    billed_days,
    eval_results,
    model_shutdowns,
    prompt_changes,
    prompt_days,
    tier_days,
    uncounted_days,
    usage_daily,
)
from leverwatch.collectors.billed import BilledAmount, UncountedTokens
from leverwatch.collectors.interface import (
    EvalResult,
    ModelShutdown,
    PromptChange,
    PromptCount,
    TierCount,
    UsageRow,
)

_LARGEST = 1e100
"""Far above any real count; sums, squares and cubes of smaller numbers are finite as doubles."""
_LARGEST_WHOLE = 2**63 - 1
_STATES_OF_A_VALUE = ("22", "23", "54")
"""Classes of SQLSTATE: data exceptions, violated constraints, limits such as the size of an index entry."""

_counts = attrgetter(*COUNTS)
_used = attrgetter(*USED)


class UnstorableValue(ValueError):
    """A value that fits no column of the store; the message does not contain it."""


def _lengths(table: Table) -> dict[str, int]:
    return {column.name: length for column in table.c if (length := getattr(column.type, "length", None))}


_USAGE = _lengths(usage_daily)
_PROMPTS = _lengths(prompt_changes)
_PROMPT_DAYS = _lengths(prompt_days)
_TIER_DAYS = _lengths(tier_days)
_BILLED = _lengths(billed_days)
_UNCOUNTED = _lengths(uncounted_days)
_EVALS = _lengths(eval_results)
_SHUTDOWNS = _lengths(model_shutdowns)


def is_text(text: str, longest: int) -> bool:
    """Return whether a text fits a column of `longest` characters in every database."""
    if len(text) > longest or "\0" in text:
        return False
    try:
        # JSON can spell half a surrogate pair; no database takes one.
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def are_counts(counts: Sequence[float]) -> bool:
    """Return whether all of them, one at least, are finite, and small enough that sums stay finite."""
    # A sum is no number where one of them is none, and neither the least nor the largest need show that.
    return min(counts) >= -_LARGEST and max(counts) <= _LARGEST and not isnan(sum(counts))


def is_usage(row: UsageRow) -> bool:
    """Return whether the store can hold the row."""
    return names_fit(row.system, row.model) and are_counts(_counts(row))


def names_fit(system: str, model: str) -> bool:
    """Return whether the two names of a usage row fit their columns."""
    return is_text(system, _USAGE["system"]) and is_text(model, _USAGE["model"])


def is_prompt_change(change: PromptChange) -> bool:
    """Return whether the store can hold the change."""
    return (
        _texts(change, _PROMPTS, ("system", "change_id", "kind"))
        and _is_moment(change.landed_at)
        and 0 <= change.prompts < 2**31
    )


def is_prompt_count(row: PromptCount) -> bool:
    """Return whether the store can hold the count."""
    return _texts(row, _PROMPT_DAYS, ("system", "version")) and are_counts([row.inferences])


def is_tier_count(row: TierCount) -> bool:
    """Return whether the store can hold the count."""
    return _texts(row, _TIER_DAYS, ("system", "model", "tier")) and are_counts(_used(row))


def is_billed(row: BilledAmount) -> bool:
    """Return whether the store can hold the amount."""
    return _texts(row, _BILLED, ("project", "item")) and are_counts([row.usd])


def is_uncounted(row: UncountedTokens) -> bool:
    """Return whether the store can hold the tokens."""
    numbers = (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens)
    return _texts(row, _UNCOUNTED, ("system", "model", "tier")) and are_counts([*numbers, row.write_1h_tokens])


def is_eval_result(result: EvalResult) -> bool:
    """Return whether the store can hold the result."""
    numbers = [result.value, *([] if result.stderr is None else [result.stderr])]
    wholes = [result.n, result.errored, result.cases, *([] if result.passed is None else [result.passed])]
    names = ("system", "model", "prompt_version", "suite", "suite_hash", "metric")
    return (
        _texts(result, _EVALS, names)
        and _is_moment(result.at)
        and are_counts(numbers)
        and all(0 <= whole <= _LARGEST_WHOLE for whole in wholes)
    )


def is_shutdown(model: ModelShutdown) -> bool:
    """Return whether the store can hold the shutdown day."""
    return is_text(model.model, _SHUTDOWNS["model"])


def _texts(row: object, lengths: dict[str, int], names: tuple[str, ...]) -> bool:
    return all(is_text(str(getattr(row, name)), lengths[name]) for name in names)


def _is_moment(moment: datetime) -> bool:
    # Close to the ends of the calendar a moment has no equal in UTC.
    return 1 < moment.year < MAXYEAR


def is_of_a_value(error: BaseException) -> bool:
    """Return whether a database refused a value; it may accept the rest of the batch.

    A lost connection, a full disk or a lock is not the fault of a row.
    """
    if isinstance(error, DataError | IntegrityError | UnstorableValue | OverflowError | UnicodeError):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return state[:2] in _STATES_OF_A_VALUE or "binding parameter" in str(error.orig)
    # What fails before the driver sees it: a value that is not of its column's type, or has no form there.
    return isinstance(error, StatementError) and isinstance(
        error.orig, TypeError | ValueError | ArithmeticError | AttributeError
    )
