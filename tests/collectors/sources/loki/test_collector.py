from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.errors import CredentialsRefused, RateLimited, SchemaDiffers
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.loki.collector import Lines
from leverwatch.collectors.sources.loki.config import LokiConfig
from leverwatch.collectors.unattributed import heaviest_of
from tests.collectors.sources.usage_api.server import KEY, Asked, Reply, Served, context, counted, serving

_QUERY = re.compile(
    r"sum(?: by \((?P<by>[^)]*)\))? \((?P<how>count|sum)_over_time"
    r"\(\{app=\"gw\"\} \| json (?P<more>.*) \[24h\]\)\)"
)
_DAY = 86_400 * 10**9


def nanoseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


class Loki:
    """Evaluates the queries of a source over its lines: a range has its end, and not its beginning."""

    def __init__(self, *lines: tuple[int, dict[str, str]]) -> None:
        self._lines, self.warnings = lines, False

    def __call__(self, asked: Asked) -> Reply:
        assert asked.path == "/loki/api/v1/query"
        if asked.first("query") == 'sum (count_over_time({app="gw"} | json [1s]))':
            return Reply({"status": "success", "data": {"resultType": "vector", "result": []}})
        found = _QUERY.fullmatch(asked.first("query"))
        assert found, asked.first("query")
        end = int(asked.first("time"))
        inside = [labels for at, labels in self._lines if end - _DAY < at <= end]
        unwrapped = re.search(r"unwrap (\w+)", found["more"])
        if "status >= 400" in found["more"]:
            inside = [it for it in inside if int(it["status"]) >= 400]
        if unwrapped:
            inside = [it for it in inside if it.get(unwrapped[1], "").isdigit()]
        names = [name for name in (found["by"] or "").split(", ") if name]
        sums: Counter[tuple[str, ...]] = Counter()
        for labels in inside:
            amount = int(labels[unwrapped[1]]) if unwrapped and found["how"] == "sum" else 1
            sums[tuple(labels.get(name, "") for name in names)] += amount
        result = [
            {"metric": {k: v for k, v in zip(names, key, strict=True) if v}, "value": [end / 1e9, str(number)]}
            for key, number in sums.items()
        ]
        more = {"warnings": ["something is missing"]} if self.warnings else {}
        return Reply({"status": "success", "data": {"resultType": "vector", "result": result}, **more})


def line(at: str, extra: int = 0, **labels: str) -> tuple[int, dict[str, str]]:
    return nanoseconds(at) + extra, {"team": "shop", "m": "small", "status": "200", **labels}


def config_of(served: Served, **more: Any) -> LokiConfig:
    given = {
        "name": "lines", "url": served.url, "token": KEY, "query": '{app="gw"} | json',
        "failed": "| status >= 400",
        "labels": {"model": "m", "input_tokens": "in", "output_tokens": "out"}, "system": "{team}", **more,
    }  # fmt: skip
    return LokiConfig.model_validate(given)


def ask(served: Served, first: str, last: str | None = None, **more: Any) -> Answer:
    days = Days(date.fromisoformat(first), date.fromisoformat(last or first))
    return Lines(config_of(served, **more), context()).ask(days)


def test_a_line_counts_on_its_day_to_the_nanosecond() -> None:
    lines = [
        line("2026-11-18T00:00:00"), line("2026-11-18T23:59:59", 999_999_999), line("2026-11-19T00:00:00"),
        line("2026-11-17T23:59:59", 999_999_999, team="ads"),
    ]  # fmt: skip
    with serving(Loki(*lines)) as served:
        found = ask(served, "2026-11-15", "2026-11-20")

    assert counted(found.usage, "inferences") == {
        ("ads", "small", "2026-11-17"): (1,),
        ("shop", "small", "2026-11-18"): (2,),
        ("shop", "small", "2026-11-19"): (1,),
    }
    assert found.filled == {date(2026, 11, day) for day in (17, 18, 19)}


def test_failed_calls_are_errors_and_tokens_that_few_lines_tell_are_unknown_for_the_others() -> None:
    at = "2026-11-18T10:00:00"
    told: list[dict[str, Any]] = [{"in": "100", "out": "7"}, {"in": "50"}, {}, {"in": "many", "out": "3"}]
    lines = [*(line(at, **labels) for labels in told), line(at, status="503"), line(at, team="")]
    with serving(Loki(*lines)) as served:
        found = ask(served, "2026-11-18")

    names = ("inferences", "errors", "input_tokens", "unknown_input", "output_tokens", "unknown_output")
    assert counted(found.usage, *names) == {("shop", "small", "2026-11-18"): (4, 1, 150, 2, 10, 2)}
    assert found.calls[Result.UNATTRIBUTED] == 1


def test_the_values_of_lines_without_a_system_are_told() -> None:
    at = "2026-11-18T10:00:00"
    rules = [{"is": "shop", "where": {"team": "shop"}}]
    with serving(Loki(line(at), line(at, team="ads"), line(at, team=""), line(at, team="ads"))) as served:
        found = ask(served, "2026-11-18", system=rules)

    assert [row.inferences for row in found.usage] == [1]
    assert heaviest_of(found.unattributed).heaviest == (("team: ads", 2), ("team: (none)", 1))


def test_a_day_of_which_the_server_warns_is_partial() -> None:
    loki = Loki(line("2026-11-18T10:00:00"))
    loki.warnings = True
    with serving(loki) as served:
        found = ask(served, "2026-11-17", "2026-11-18")

    assert found.partial == {date(2026, 11, 18)}
    assert found.untold == {date(2026, 11, 17)}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(b"parse error", 400), SchemaDiffers),
        (Reply(b"", 401), CredentialsRefused),
        (Reply(b"", 429, {"Retry-After": "9"}), RateLimited),
        (Reply(b"{}"), SchemaDiffers),
        (Reply({"status": "success", "data": {"resultType": "streams", "result": []}}), SchemaDiffers),
    ],
)
def test_errors_are_said_without_the_key(reply: Reply, kind: type[Exception]) -> None:
    with serving(lambda _: reply) as served, pytest.raises(kind) as raised:
        ask(served, "2026-11-18")
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "more",
    [{"query": "count_over_time(x)"}, {"failed": "status > 3"}, {"system": "{a.b}"}, {"labels": {"model": "-"}}],
)
def test_what_is_no_query_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|no name"):
        config_of(Served(url="http://127.0.0.1:1"), **more)


def test_the_queries_are_shown_and_have_no_key() -> None:
    lines = Lines(config_of(Served(url="http://127.0.0.1:1")), context())
    shown = lines.shown(Days(date(2026, 11, 18), date(2026, 11, 18)))

    assert shown.splitlines()[0] == (
        'sum by (team, m) (count_over_time({app="gw"} | json | drop __error__, __error_details__ [24h]))'
    )
    assert "1795046399999999999" in shown
    assert KEY not in shown


def test_lines_that_name_no_system_are_shown_by_what_they_have_instead() -> None:
    rules = [{"is": "shop", "where": {"team": "shop"}}]
    lines = [line("2026-11-18T08:00:00"), *[line("2026-11-18T09:00:00", team="ads")] * 3]
    with serving(Loki(*lines)) as served:
        found = ask(served, "2026-11-18", system=rules)

    assert [row.system for row in found.usage] == ["shop"]
    assert found.unattributed == {"team: ads": 3}


@pytest.mark.parametrize("number", ["NaN", "+Inf", "-1", "x"])
def test_what_is_no_number_of_lines_is_refused(number: str) -> None:
    series = {"metric": {"team": "shop"}, "value": [0, number]}
    body = {"status": "success", "data": {"resultType": "vector", "result": [series]}}
    with serving(lambda _: Reply(body)) as served, pytest.raises(SchemaDiffers, match="no number"):
        ask(served, "2026-11-18")


def test_a_day_is_not_over_before_loki_says_so() -> None:
    with serving(Loki(line("2026-11-18T08:00:00"), line("2026-11-19T08:00:00"))) as served:
        served.now = datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC)
        early = ask(served, "2026-11-18", "2026-11-19")
        served.now = datetime(2026, 11, 20, tzinfo=UTC)
        late = ask(served, "2026-11-18", "2026-11-19")

    assert set(early.partial) == {date(2026, 11, 19)}
    assert late.partial == frozenset()
