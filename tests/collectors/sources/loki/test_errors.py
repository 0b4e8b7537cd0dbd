"""Every error that Loki documents of a query, and what is said of labels that no line has."""

from __future__ import annotations

from datetime import date

import pytest

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
)
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import CollectorError, SourceUnavailable
from leverwatch.collectors.sources.loki.collector import Lines, LokiCollector
from tests.collectors.sources.loki.test_collector import Loki, ask, config_of, line
from tests.collectors.sources.usage_api.server import KEY, Asked, Reply, context, serving

SECRET = "word-of-the-query"
ERRORS: list[tuple[int, str, type[CollectorError], str]] = [
    (400, f"parse error at line 1, col 9: {SECRET}", SchemaDiffers, "cannot read the query"),
    (400, "failed to parse the log query", SchemaDiffers, "cannot read the query"),
    (400, "parse error : queries require at least one regexp or equality matcher", SchemaDiffers, "cannot read"),
    (400, "log queries are not supported as an instant query type", SchemaDiffers, "cannot read the query"),
    (
        400,
        "parse error : invalid aggregation sum_over_time without unwrap",
        SchemaDiffers,
        "cannot read the query",
    ),
    (400, "maximum of series (500) reached for a single query", SchemaDiffers, "`max_query_series`"),
    (400, "maximum number of series (500) reached for a single query", SchemaDiffers, "`max_query_series`"),
    (400, "cardinality limit exceeded for {}; 100001 entries", SchemaDiffers, "`max_query_series`"),
    (
        400,
        "the query would read too many bytes (query: 9TB, limit: 1GB)",
        SchemaDiffers,
        "fewer streams in `query`",
    ),
    (400, "the query hit the max number of chunks limit (limit: 9 chunks)", SchemaDiffers, "fewer streams"),
    (400, "max streams matchers per query exceeded, matchers-count > limit", SchemaDiffers, "fewer streams"),
    (400, "query too large to execute on a single querier: (query: 9TB)", SchemaDiffers, "fewer streams"),
    (400, "limit reached while evaluating the query", SchemaDiffers, "fewer streams"),
    (400, "max entries limit per query exceeded, limit > 5000", SchemaDiffers, "check the settings"),
    (400, "[interval] value exceeds limit", SchemaDiffers, "`max_query_length`"),
    (400, "the query time range exceeds the limit (query length: 24h0m0s, limit: 1h)", SchemaDiffers, "_length`"),
    (400, "stream selector is missing required matchers [ns]", SchemaDiffers, "name more labels of streams"),
    (400, "stream selector has less label matchers than required", SchemaDiffers, "name more labels of streams"),
    (400, "query blocked by policy", PermissionRefused, "has blocked such queries"),
    (
        400,
        "querying is disabled, please contact your Loki operator",
        PermissionRefused,
        "has blocked such queries",
    ),
    (400, "no org id", SchemaDiffers, "`headers` with X-Scope-OrgID"),
    (401, "no org id", SchemaDiffers, "`headers` with X-Scope-OrgID"),
    (400, "multiple org IDs present", SchemaDiffers, "several tenants at once"),
    (401, "", CredentialsRefused, "the key is not accepted"),
    (403, "", PermissionRefused, "may not read this"),
    (404, "404 page not found", SchemaDiffers, "nothing at this address"),
    (429, "too many outstanding requests", RateLimited, "too many questions"),
    (500, "context deadline exceeded", TimedOut, "`query_timeout`"),
    (500, "index not ready", SourceUnavailable, "the server failed"),
    (502, "", SourceUnavailable, "the server failed"),
    (503, "", SourceUnavailable, "too much to do"),
    (504, "request timed out, decrease the duration of the request", TimedOut, "in time"),
]


def test_each_error_says_what_to_fix_and_nothing_that_loki_says() -> None:
    with serving(lambda _: Reply({})) as served:
        for status, text, kind, said in ERRORS:
            served.answer = lambda _, text=text, status=status: Reply(f"{text} {SECRET}".encode(), status)  # type: ignore[misc]
            with pytest.raises(CollectorError, match=said) as caught:
                ask(served, "2026-11-18")
            assert type(caught.value) is kind, text
            assert not [it for it in (KEY, SECRET) if it in str(caught.value)]


def test_days_before_that_loki_looks_back_to_are_as_deleted_and_the_oldest_one_is_partial() -> None:
    loki = Loki(line("2026-11-17T08:00:00"), line("2026-11-18T08:00:00"))

    def answer(asked: Asked) -> Reply:
        if int(asked.first("time")) // 10**9 < 1_795_000_000:
            return Reply(b"this data is no longer available, it is past now - max_query_lookback (72h)", 400)
        return loki(asked)

    with serving(answer) as served:
        found = ask(served, "2026-11-10", "2026-11-18")
        alone = ask(served, "2026-11-18")

    # As many days as it looks back may be all that is asked for.
    assert alone.partial == {date(2026, 11, 18)}
    # The first nanosecond that is told may be in the middle of its first day.
    assert found.filled == {date(2026, 11, 18)}
    assert found.partial == {date(2026, 11, 18)}
    assert found.untold == frozenset()


def test_a_label_that_no_line_has_is_said_with_those_that_streams_have() -> None:
    loki = Loki(line("2026-11-18T10:00:00", 0, **{"in": "5"}))

    def answer(asked: Asked) -> Reply:
        if asked.path == "/loki/api/v1/labels":
            return Reply({"status": "success", "data": ["app", "team", "empty"]})
        return loki(asked)

    labels = {"model": "empty", "input_tokens": "in", "output_tokens": "out"}
    with serving(answer) as served:
        found = LokiCollector(config_of(served, system="{taem}", labels=labels), context()).trial(
            date(2026, 11, 18)
        )
        asked = served.paths().count("/loki/api/v1/labels")

    assert found.doubts == (
        (
            "label taem: no line has a value of it (no stream has one, and no stage of `query` makes one); is team"
            " meant?"
        ),
        "label empty: no line has a value of it (streams have one)",
        "label out: no line has a value of it (no stream has one, and no stage of `query` makes one)",
    )
    assert asked == 1


def test_labels_that_lines_have_are_not_asked_for_and_a_refusal_to_list_them_does_no_harm() -> None:
    loki = Loki(line("2026-11-18T10:00:00", 0, **{"in": "5", "out": "3"}))
    with serving(lambda it: loki(it) if it.path.endswith("/query") else Reply(b"", 403)) as served:
        lines = Lines(config_of(served), context())
        lines.ask(Days(date(2026, 11, 18), date(2026, 11, 18)))
        assert lines.doubts() == ()
        assert not [it for it in served.paths() if it.endswith("/labels")]
        trial = LokiCollector(config_of(served, labels={"model": "mo"}), context()).trial(date(2026, 11, 18))

    assert [it.partition(":")[0] for it in trial.doubts] == ["label mo"]
