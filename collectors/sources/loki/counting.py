"""What Loki is asked about a day, and what its answers mean. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.daily.sums import Group
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.sources.loki.config import LokiConfig

CALLS, FAILED = "calls", "failed"
_KNOWN = "known "
"""Before the name of a field: how many calls tell it."""
_WITHOUT_ERRORS = "| drop __error__, __error_details__"
"""A line that a stage cannot read is a line all the same: without labels, and not left out."""
_ONE_DAY = "24h"

Labels = tuple[str, ...]
Vector = Mapping[Labels, float]


class _Series(Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(Struct, rename="camel"):
    result_type: str
    result: list[_Series]


class _Reply(Struct):
    status: str
    data: _Data
    warnings: list[str] | None = None


def queries(config: LokiConfig, words: Sequence[str]) -> dict[str, str]:
    """Return the queries about one day, by what they ask for; the range ends where each is evaluated."""
    by = ", ".join(labels_of(config, words))
    sums = f"sum by ({by})" if by else "sum"

    def counted(stages: str) -> str:
        return f"{sums} (count_over_time({config.query} {stages}{_WITHOUT_ERRORS} [{_ONE_DAY}]))"

    found = {CALLS: counted("")}
    if config.failed is not None:
        found[FAILED] = counted(f"{config.failed} ")
    for name, label in config.labels.amounts().items():
        told = f'{config.query} | {label} != "" | unwrap {label} | __error__=""'
        found[name] = f"{sums} (sum_over_time({told} [{_ONE_DAY}]))"
        found[_KNOWN + name] = f"{sums} (count_over_time({told} [{_ONE_DAY}]))"
    return found


def before(config: LokiConfig) -> str:
    """Return a query about the last second of a day, which costs next to nothing: whether the server still looks
    back to the end of that day."""
    return f"sum (count_over_time({config.query} [1s]))"


def labels_of(config: LokiConfig, words: Sequence[str]) -> Labels:
    """Return the labels by which lines are told apart."""
    return tuple(dict.fromkeys((*words, *config.labels.names().values())))


def moment(day: date) -> str:
    """Return when a query about a UTC day is evaluated, in nanoseconds: at its last one.

    A range has no beginning and its end, so that this one has all of the day and nothing of another one.
    """
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return str(int(end.timestamp()) * 1_000_000_000 - 1)


def read(body: bytes, labels: Labels) -> tuple[Vector, bool]:
    """Return the values by labels, and whether the server warns that they are not all of it.

    Raises:
        ValueError: the answer is not as documented. The message has no value of it.
    """
    try:
        reply = msgspec.json.decode(body, type=prepared(_Reply))
        found = [
            (tuple(it.metric.get(name, "") for name in labels), float(it.value[1])) for it in reply.data.result
        ]
    except msgspec.ValidationError as error:
        raise ValueError(f"the answer is not as documented: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise ValueError("the answer is not as documented: no JSON, or a value that is no number") from None
    if reply.status != "success" or reply.data.result_type != "vector":
        raise ValueError("the answer is not as documented: it is no vector")
    values: dict[Labels, float] = defaultdict(float)
    for key, number in found:
        if not 0 <= number < inf:
            raise ValueError("the answer is not as documented: a value is no number of lines")
        # Added up, as a server that does not group as it is asked to has several of the same labels.
        values[key] += number
    return values, bool(reply.warnings)


def told_by(config: LokiConfig, words: Sequence[str], found: Mapping[str, Vector]) -> set[str]:
    """Return the labels of which a line of the answers has a value."""
    labels = labels_of(config, words)
    named = {
        label for key, calls in found[CALLS].items() if calls for label, it in zip(labels, key, strict=True) if it
    }
    amounts = config.labels.amounts()
    return named | {label for name, label in amounts.items() if any(found[_KNOWN + name].values())}


def groups(config: LokiConfig, words: Sequence[str], day: date, found: Mapping[str, Vector]) -> Iterator[Group]:
    """Yield what the answers say of a day.

    Of calls with the same labels, those that tell most are the first group: how many calls tell a field is known,
    and not which ones.
    """
    labels = labels_of(config, words)
    amounts = config.labels.amounts()
    for key, calls in found[CALLS].items():
        told = dict(zip(labels, key, strict=True))
        names: dict[str, Any] = {name: told[label] for name, label in config.labels.names().items() if told[label]}
        template = tuple(told.get(word) or None for word in words)
        failed = min(found.get(FAILED, {}).get(key, 0.0), calls)
        if failed:
            yield Group(day, {**names, "status": "error", "inferences": failed}, template)
        left = calls - failed
        known = {name: min(found[_KNOWN + name].get(key, 0.0), left) for name in amounts}
        sums = {name: found[name].get(key, 0.0) for name in amounts if known[name]}
        yield from (Group(day, {**names, **values}, template) for values in _nested(left, known, sums))


def _nested(calls: float, known: Mapping[str, float], sums: Mapping[str, float]) -> Iterable[Mapping[str, float]]:
    """Yield parts of calls, with the sums of all fields that each of them tells."""
    taken, before = dict(sums), 0.0
    for number in sorted({it for it in known.values() if it}):
        telling = [name for name, it in known.items() if it >= number]
        # The first part that tells a field has its sum; the others add nothing to it, and their calls are known.
        yield {"inferences": number - before, **{name: taken.pop(name, 0.0) for name in telling}}
        before = number
    if calls > before:
        yield {"inferences": calls - before}
