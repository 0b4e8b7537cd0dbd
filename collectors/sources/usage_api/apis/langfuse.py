"""Langfuse: sums of its metrics by day, or its observations one by one.

Metrics know neither cached tokens nor of how many calls the tokens are known; observations do, and are many more
rows. The kinds of input in `usageDetails` stand beside each other: what is cached is not in `input`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct, field

from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.sources.usage_api.interface import Page, Question, Usage, UsageApi, Wish
from leverwatch.collectors.sources.usage_api.shapes import after, known, parsed, rfc3339
from leverwatch.collectors.tells import NO, Tells

_METRICS, _OBSERVATIONS = "/api/public/v2/metrics", "/api/public/v2/observations"
_DIMENSIONS = ("traceName", "environment", "name", "release", "version", "promptName")
_MODEL, _LEVEL, _TYPE = "providedModelName", "level", "type"
_KINDS = {"GENERATION": "generation", "EMBEDDING": "embedding"}
_MEASURES = (
    ("count", "count"),
    *((name, "sum") for name in ("inputTokens", "outputTokens", "totalCost", "latency")),
)
MOST_ROWS = 1000
"""Of an answer, which has no further page; also the most observations of a page."""
_NEEDS = (
    "it needs the keys of a project: `user` is the public one (pk-lf-...), `password` or `password_file` the"
    " secret one (sk-lf-...)"
)


NO_TOTALS: Mapping[str, float] = MappingProxyType({})


class _Rows(Struct):
    data: list[dict[str, Any]]


def questions(wish: Wish) -> list[Question]:
    """Return the question about how many calls there are on each day; `rows_of` asks for them by name then.

    An answer does not say that it is cut off, and a server may give fewer rows than it is asked for.
    """
    return [_question(wish, wish.days, (), _MEASURES[:1], "totals")]


def rows_of(wish: Wish) -> list[Question]:
    """Return the question about all days by name; it is asked again in parts when the answer is cut off."""
    return [_rows(wish, wish.days, {})]


def _rows(wish: Wish, days: Days, totals: Mapping[str, float]) -> Question:
    return _question(wish, days, (*wish.words, _MODEL, _LEVEL, _TYPE), _MEASURES, "metrics", totals)


def _question(
    wish: Wish,
    days: Days,
    columns: Sequence[str],
    measures: Sequence[tuple[str, str]],
    what: str,
    totals: Mapping[str, float] = NO_TOTALS,
) -> Question:
    only = [
        {"column": name, "operator": "any of", "value": list(values), "type": "stringOptions"}
        for name, values in wish.only.items()
    ]
    kinds = {"column": _TYPE, "operator": "any of", "value": list(_KINDS), "type": "stringOptions"}
    query = {
        "view": "observations",
        "dimensions": [{"field": name} for name in dict.fromkeys(columns)],
        "metrics": [{"measure": name, "aggregation": how} for name, how in measures],
        "filters": [kinds, *only],
        "timeDimension": {"granularity": "day"},
        "fromTimestamp": rfc3339(days.first),
        "toTimestamp": rfc3339(after(days.last)),
        "config": {"row_limit": MOST_ROWS},
    }
    return Question(what, _METRICS, {"query": msgspec.json.encode(query).decode()}, carried=totals)


def read(question: Question, body: bytes, wish: Wish) -> Page:
    """Return what the answer says; when it is cut off, the questions about both halves of its days.

    Raises:
        ValueError: it is not as documented, or one day has too many rows.
    """
    rows = parsed(body, _Rows).data
    days = _days_of(question)
    # The end of a time may belong to it there, and then a call at midnight is in the sums of both halves.
    usage = [it for it in map(_summed, rows) if it.day in days]
    calls: Counter[str] = Counter()
    for one in usage:
        calls[f"{one.day}"] += one.values["inferences"]
    if question.what == "totals":
        return Page(told=frozenset(), further=(_rows(wish, days, calls),))
    # The totals were asked for before: what arrived since then can only be more.
    lacks = any(calls[f"{day}"] < question.carried.get(f"{day}", 0) for day in days)
    if len(rows) >= MOST_ROWS or lacks:
        if days.first == days.last:
            raise ValueError(
                f"one day has more rows than are told at once ({len(rows):,}); `system` or `only` has to tell"
                " fewer apart"
            )
        middle = days.first + DAY * (len(days) // 2 - 1)
        halves = (Days(days.first, middle), Days(after(middle), days.last))
        return Page(told=frozenset(), further=tuple(_rows(wish, half, question.carried) for half in halves))
    return Page(usage=usage, told=frozenset(days))


def _days_of(question: Question) -> Days:
    asked = msgspec.json.decode(str(question.parameters["query"]))
    last = date.fromisoformat(asked["toTimestamp"][:10]) - DAY
    return Days(date.fromisoformat(asked["fromTimestamp"][:10]), last)


def _summed(row: Mapping[str, Any]) -> Usage:
    moment, kind = str(row.get("time_dimension") or ""), row.get(_TYPE)
    if not moment:
        raise ValueError("the answer is not as documented: a row has no `time_dimension`")
    values = {
        "inferences": _number(row, "count_count"),
        # A sum of nothing known is zero there.
        "input_tokens": _number(row, "sum_inputTokens") or None,
        "output_tokens": _number(row, "sum_outputTokens") or None,
        "cost_usd": _number(row, "sum_totalCost") or None,
        "latency_ms": _number(row, "sum_latency") or None,
        "model": _text(row, _MODEL),
        "operation": _KINDS.get(str(kind)),
        "status": "error" if row.get(_LEVEL) == "ERROR" else None,
    }
    if values["inferences"] is None:
        raise ValueError("the answer is not as documented: a row has no `count_count`")
    try:
        day = date.fromisoformat(moment[:10])
    except ValueError:
        raise ValueError("the answer is not as documented: `time_dimension` is no time") from None
    return Usage(day, known(values), {name: row.get(name) for name in _DIMENSIONS})


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"the answer is not as documented: `{name}` is no number") from None


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"the answer is not as documented: `{name}` is no text")
    return value


class _Meta(Struct):
    cursor: str | None = None


class _Observation(Struct, rename="camel"):
    id: str
    type: str
    start_time: datetime
    level: str | None = None
    provided_model_name: str | None = None
    model: str | None = None
    usage_details: dict[str, float] | None = None
    total_cost: float | None = None
    latency: float | None = None
    """Seconds."""
    name: str | None = None
    environment: str | None = None
    version: str | None = None
    trace_name: str | None = None
    release: str | None = None
    prompt_name: str | None = None
    project_id: str | None = None


class _Observations(Struct):
    data: list[_Observation]
    meta: _Meta = field(default_factory=_Meta)


def observations(wish: Wish) -> list[Question]:
    """Return the first question about the observations of each kind."""
    parameters: dict[str, str | Sequence[str]] = {
        "fields": "core,basic,model,usage,metrics,prompt,trace_context",
        "fromStartTime": rfc3339(wish.days.first),
        "toStartTime": rfc3339(after(wish.days.last)),
        "limit": str(MOST_ROWS),
        **{name: tuple(values) for name, values in wish.only.items()},
    }
    return [Question("observations", _OBSERVATIONS, {**parameters, "type": kind}) for kind in _KINDS]


def read_observations(question: Question, body: bytes, _wish: Wish) -> Page:
    """Return what a page of observations says.

    Raises:
        ValueError: it is not as documented.
    """
    page = parsed(body, _Observations)
    cursor = page.meta.cursor
    following = (
        Question(question.what, question.path, {**question.parameters, "cursor": cursor}) if cursor else None
    )
    projects = {one.project_id for one in page.data if one.project_id}
    return Page(
        usage=[_observed(one) for one in page.data],
        following=following,
        account=projects.pop() if len(projects) == 1 else None,
    )


def _observed(one: _Observation) -> Usage:
    values: dict[str, Any] = {
        "inferences": 1,
        "model": one.provided_model_name or one.model,
        "operation": _KINDS.get(one.type, "other"),
        "status": "error" if one.level == "ERROR" else None,
        "cost_usd": one.total_cost or None,
        "latency_ms": None if one.latency is None else one.latency * 1000,
        **_tokens(one.usage_details or {}),
    }
    names = {
        "traceName": one.trace_name, "environment": one.environment, "name": one.name, "release": one.release,
        "version": one.version, "promptName": one.prompt_name,
    }  # fmt: skip
    start = one.start_time if one.start_time.tzinfo else one.start_time.replace(tzinfo=UTC)
    return Usage(start.astimezone(UTC).date(), known(values), names, id=one.id)


def _tokens(details: Mapping[str, float]) -> dict[str, float | None]:
    """Return the tokens of a call: each kind stands beside the others."""
    entered = {name.lower(): tokens for name, tokens in details.items() if "input" in name.lower()}
    left = {name.lower(): tokens for name, tokens in details.items() if "output" in name.lower()}
    written = {name for name in entered if "creation" in name or "write" in name}
    read = {name for name in entered if "cache" in name} - written
    return {
        "input_tokens": sum(entered.values()) if entered else None,
        "cached_input_tokens": sum(entered[name] for name in read) if entered else None,
        "cache_write_tokens": sum(entered[name] for name in written) if written else None,
        "output_tokens": sum(left.values()) if left else None,
        "reasoning_tokens": sum(it for name, it in left.items() if "reasoning" in name) or None,
    }


def _tells(cached: str) -> Tells:
    return Tells(
        systems="name of the trace or the observation, environment, release, version, or prompt",
        models="yes",
        calls="generations and embeddings",
        tokens="input, output",
        cached=cached,
        errors="observations of the level ERROR",
        latency="yes",
        cost="as Langfuse works it out, or is told",
        delay="seconds; observations are updated later",
        permission="the public and the secret key of a project",
    )


LANGFUSE = UsageApi(
    name="langfuse",
    url="https://cloud.langfuse.com",
    needs=_NEEDS,
    words=_DIMENSIONS,
    filters=_DIMENSIONS,
    questions=questions,
    read=read,
    shown=rows_of,
    tells=_tells(NO),
)
LANGFUSE_OBSERVATIONS = UsageApi(
    name="langfuse-observations",
    url="https://cloud.langfuse.com",
    needs=_NEEDS,
    words=_DIMENSIONS,
    filters=("environment", "name", "version"),
    questions=observations,
    read=read_observations,
    tells=_tells("read, written"),
)
