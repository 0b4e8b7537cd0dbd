"""What a server refuses, fails at or answers late, over real sockets, and what is shown to one that demands it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from tests.agent.web.transport.certificates import authority
from tests.collectors.daily.test_http_config import listening
from tests.collectors.sources.models.server import Answer, Provider, provider
from tests.collectors.sources.prometheus.pretended import PER_DAY, answered, failure, success
from tests.collectors.sources.prometheus.stored import DAY, FIRST, calls, day, days, source

SECRET = "tenant-canary-3141"
OWN: dict[str, Any] = {"metrics": {"inferences": "calls_total"}, "method": "get"}


@pytest.fixture
def served() -> Iterator[Provider]:
    with provider() as found:
        yield found


def test_a_server_that_answers_is_counted(served: Provider) -> None:
    served.answer = answered

    answer = source(served.url, **OWN).ask(days(0, 2))

    assert calls(answer) == {("bot", number): PER_DAY for number in range(3)}
    assert (answer.problems, set(answer.partial)) == ((), set())


ERRORS: list[tuple[Answer, type[CollectorError], str]] = [
    (failure(401, "unauthorized"), CredentialsRefused, "the key is not accepted"),
    (failure(401, "", "no org id"), SchemaDiffers, "wants a tenant: `headers` with X-Scope-OrgID"),
    (failure(403, "forbidden"), PermissionRefused, "may not read this"),
    (failure(404, "not_found"), SchemaDiffers, "there is nothing at this address"),
    (failure(422, "execution", f"parse error near {SECRET}"), SchemaDiffers, "does not know something"),
    (failure(400, "bad_data", f"1:1: parse error {SECRET}"), SchemaDiffers, "does not know something"),
    (
        failure(422, "execution", "vector cannot contain metrics with the same labelset"),
        SchemaDiffers,
        "two series of one name have the same labels",
    ),
    (failure(400, "bad_data", "exceeded maximum resolution of 11,000 points"), TimedOut, "so large a question"),
    (failure(422, "execution", "query processing would load too many samples"), TimedOut, "so large a question"),
    (failure(422, "422", "cannot select more than -search.maxSamplesPerQuery=1"), TimedOut, "so large a question"),
    # Prometheus: execution, timeout, canceled, not_acceptable, methods and addresses.
    (failure(503, "canceled", "query was canceled in query execution"), SourceUnavailable, "too much to do"),
    (failure(422, "canceled", "query was canceled"), SourceUnavailable, "gave the question up"),
    (failure(499, "canceled"), SourceUnavailable, "gave the question up"),
    (failure(504, "timeout"), TimedOut, "did not have the answer in time"),
    (failure(422, "execution", "query timed out in query execution"), TimedOut, "not have the answer in time"),
    (failure(406, "not_acceptable"), SourceRefused, "refuses the question"),
    (Answer(b"Method Not Allowed", 405), SchemaDiffers, "set `method`"),
    (Answer(b"URI Too Long", 414), SchemaDiffers, "`method: post`"),
    # Thanos: a store that is down when no part is wanted, and limits of a store.
    (
        failure(422, "execution", f"expanding series: proxy Series(): rpc error: code = Unavailable {SECRET}"),
        SourceUnavailable,
        "a store behind the server did not answer",
    ),
    (failure(422, "execution", "failed to receive any data from Addr: x"), SourceUnavailable, "a store behind"),
    (
        failure(422, "execution", "rpc error: code = ResourceExhausted desc = exceeded series limit: limit 10"),
        TimedOut,
        "so large a question",
    ),
    # Mimir: limits of a tenant, tenants, and an ingester that is gone.
    *(
        (failure(422, "execution", f"the query {said} (err-mimir-{limit})."), TimedOut, "so large a question")
        for said, limit in (
            ("exceeded the maximum number of chunks (limit: 2 chunks)", "max-chunks-per-query"),
            ("exceeded the maximum number of series (limit: 1 series)", "max-series-per-query"),
            ("exceeded the aggregated chunks size limit (limit: 1 bytes)", "max-chunks-bytes-per-query"),
            ("time range exceeds the limit (query length: 720h, limit: 24h)", "max-query-length"),
        )
    ),
    (failure(422, "execution", "multiple org IDs present"), SchemaDiffers, "several tenants at once"),
    (failure(400, "bad_data", "tenant ID is too long: max 150 characters"), SchemaDiffers, "no such tenant"),
    (failure(500, "internal", "too many unhealthy instances in the ring"), SourceUnavailable, "the server failed"),
    (failure(429, "too_many_requests", "too many outstanding requests", Retry_After="9"), RateLimited, "in 9 s"),
    (failure(429, "too_many", SECRET, Retry_After="17"), RateLimited, "wants to be asked again in 17 s"),
    (failure(503, "timeout", "query timed out in expression evaluation"), TimedOut, "not have the answer in time"),
    (failure(503, "unavailable", Retry_After="9"), RateLimited, "wants to be asked again in 9 s"),
    (failure(503, "unavailable", "no store"), SourceUnavailable, "too much to do"),
    (failure(500, "internal", SECRET), SourceUnavailable, "the server failed"),
    (Answer(b"", 302, {"Location": f"http://127.0.0.1:1/{SECRET}"}), SourceRefused, "leads elsewhere"),
    (Answer(b"<html>log in</html>"), SourceUnavailable, "is none of the API of Prometheus"),
    (Answer(b'{"status": "error"}'), SourceUnavailable, "is no success"),
    (Answer(b'{"status": "success"}'), SourceUnavailable, "is no success"),
    (success([{"metric": {"x": SECRET}, "values": [[0, SECRET]]}]), SourceUnavailable, "is none of the API"),
    (success([{"metric": {"x": SECRET}, "values": [[0, "1"]]}]), SourceUnavailable, "has series that were not"),
    (
        success([{"metric": {"leverwatch_part": "total 0.0"}, "values": [[0, "1"]]}]),
        SourceUnavailable,
        "times that were not asked for",
    ),
    (
        success([{"metric": {"leverwatch_part": "total 0.0"}, "histograms": [[0, {"count": SECRET}]]}]),
        SchemaDiffers,
        "a native histogram, which is no counter",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "said"), ERRORS, ids=[f"{it.status}-{said}" for it, _, said in ERRORS])
def test_every_error_is_a_word_of_the_vocabulary_and_quotes_nothing(
    answer: Answer, kind: type[CollectorError], said: str, served: Provider
) -> None:
    served.answer = lambda _: answer

    with pytest.raises(kind, match=said) as caught:
        source(served.url, **OWN, headers={"X-Scope-OrgID": SECRET}).ask(days(0, 2))

    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"source metrics: {served.url}: ")
    assert SECRET not in repr((caught.value, caught.value.__cause__, caught.value.__context__))
    if kind is RateLimited:
        assert getattr(caught.value, "retry_after", None) in (17, 9)


@pytest.mark.parametrize(
    ("labels", "counted", "reasons"),
    [
        (Answer(b'{"status": "success", "data": ["__name__", "job"]}'), 25, []),
        (Answer(b'{"status": "success", "data": []}'), 5, ["unknown_beginning"]),
        (failure(403, "forbidden"), 5, ["unknown_beginning"]),
        (failure(404, "not_found"), 5, ["unknown_beginning"]),
        (Answer(b"<html>"), 5, ["unknown_beginning"]),
    ],
)
def test_a_first_series_is_new_when_the_server_had_others_before_and_asking_for_that_does_no_harm(
    labels: Answer, counted: int, reasons: list[str], served: Provider
) -> None:
    noon = FIRST.timestamp() + 1.5 * DAY

    def answer(given: dict[str, str]) -> Answer:
        query = given.get("query")
        if query is None:
            return labels
        start, end = (float(given.get(name, given.get("time", 0))) for name in ("start", "end"))
        if '"total 0.0"' in query and end > noon:
            return success([{"metric": {"leverwatch_part": "total 0.0"}, "values": [[end, "25"]]}])
        if '"seen 0"' in query and start < noon:
            return success([{"metric": {"leverwatch_part": "seen 0"}, "values": [[noon, "1"]]}])
        if '"first 0.0"' in query:
            return success([{"metric": {"leverwatch_part": "first 0.0"}, "value": [end, "20"]}])
        return success([])

    served.answer = answer

    found = source(served.url, **OWN).ask(days(1, 1))

    assert calls(found) == {("bot", 1): counted}
    assert [reason for _, reason, _ in found.problems] == reasons


def test_a_total_that_is_no_number_brings_nothing_of_the_past_and_makes_both_of_its_days_partial(
    served: Provider,
) -> None:
    """Of a day that ends with one nobody knows what it counted; the next one counts from its first sample."""

    def answer(query: dict[str, str]) -> Answer:
        if '"first 0.0"' in query["query"]:
            first = {"metric": {"leverwatch_part": "first 0.0"}, "value": [float(query["time"]), "203514"]}
            return success([first])
        whole = json.loads(answered(query).body)["data"]["result"]
        for series in whole if '"total 0.0"' in query["query"] else ():
            series["values"] = [[at, "NaN" if at == FIRST.timestamp() + DAY else n] for at, n in series["values"]]
        return success(whole)

    served.answer = answer

    found = source(served.url, **OWN).ask(days(0, 2))

    assert set(found.partial) == {day(0), day(1)}
    assert [reason for _, reason, _ in found.problems] == ["no_number", "unknown_beginning"]
    total = int((FIRST.timestamp() + 2 * DAY) / DAY * PER_DAY)
    assert calls(found) == {("bot", 1): total - 203514, ("bot", 2): PER_DAY}


def test_a_day_is_not_over_before_the_server_says_so(served: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of this machine is days ahead."""
    served.answer = answered
    said = formatdate(FIRST.timestamp() + DAY + 3600, usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: said)

    assert set(source(served.url, **OWN).ask(days(0, 2)).partial) == {day(1), day(2)}


def test_series_without_the_labels_of_a_system_are_said_and_not_counted(served: Provider) -> None:
    served.answer = answered

    found = source(served.url, **OWN, system="{team}").ask(days(0, 0))

    assert found.usage == ()
    assert [(reason, detail) for _, reason, detail in found.problems] == [
        ("unattributed", "names no system: 10 calls")
    ]


def test_a_slow_answer_and_nobody_are_said(served: Provider) -> None:
    served.answer = lambda _: Answer(b"", delay=1.5)
    with pytest.raises(TimedOut):
        source(served.url, **OWN, timeout="300ms").ask(days(0, 0))
    with pytest.raises(Unreachable):
        source("http://127.0.0.1:1", **OWN).ask(days(0, 0))


@pytest.mark.parametrize(
    ("more", "is_partial"),
    [
        ({"warnings": [f"store {SECRET} is down"]}, True),
        ({"isPartial": True}, True),
        ({"warnings": ["PromQL info: metric might not be a counter"]}, False),
        ({"infos": ["PromQL info: x"]}, False),
        ({"warnings": ["PromQL warning: encountered a mix of histograms and floats for metric name"]}, True),
        ({"warnings": ["results truncated due to limit"]}, True),
        ({"warnings": ["receive series from Addr: 10.0.0.1 LabelSets: {}: rpc error: Unavailable"]}, True),
        ({"warnings": ["PromQL info: x", "No StoreAPIs matched for this query"]}, True),
    ],
)
def test_a_part_of_an_answer_makes_days_partial(
    more: Mapping[str, Any], is_partial: bool, served: Provider
) -> None:

    def answer(query: dict[str, str]) -> Answer:
        whole = json.loads(answered(query).body)
        return success(whole["data"]["result"], **more)

    served.answer = answer

    found = source(served.url, **OWN).ask(days(0, 1))

    assert set(found.partial) == ({day(0), day(1)} if is_partial else set())
    assert [reason for _, reason, _ in found.problems] == (["incomplete_answer"] if is_partial else [])
    assert SECRET not in repr(found)


def test_several_tenants_are_told_apart_by_their_label_and_no_part_of_an_answer_is_wanted(
    served: Provider,
) -> None:
    """As Mimir labels the series of `a|b`; Thanos is told to merge replicas and to leave nothing out."""

    def answer(query: dict[str, str]) -> Answer:
        found = [
            series
            for tenant in ("team-a", "team-b")
            for series in json.loads(answered(query, {"__tenant_id__": tenant}).body)["data"]["result"]
        ]
        return success(found[:1] if '"seen 0"' in query["query"] else found)

    served.answer = answer
    tenants = {"X-Scope-OrgID": "team-a|team-b"}

    found = source(served.url, **OWN, headers=tenants, system="{__tenant_id__}").ask(days(0, 1))

    assert calls(found) == {(team, number): PER_DAY for team in ("team-a", "team-b") for number in (0, 1)}
    assert {(it["dedup"], it["partial_response"]) for it in served.queries if "query" in it} == {("true", "false")}


def test_a_server_behind_tls_that_demands_a_certificate_a_token_and_a_tenant_is_asked(tmp_path: Path) -> None:
    trusted = authority(tmp_path)
    pair, client = trusted.server(), trusted.client()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trusted.file))
    context.load_cert_chain(pair.certificate, pair.key)
    context.verify_mode = ssl.CERT_REQUIRED
    tls = {"ca_file": trusted.file, "cert_file": client.certificate, "key_file": client.key}
    own = {**OWN, **tls, "method": "post", "headers": {"X-Scope-OrgID": SECRET}}
    with listening(tls=context, body=success([]).body) as server:
        source(server.url, **own, token=SECRET).ask(days(0, 0))
        source(server.url, **own, user="reader", password=SECRET).ask(days(0, 0))

    methods = {(method, path) for method, path, _, _ in server.requests}
    assert methods == {("POST", "/prom/api/v1/query_range")}
    shown = [
        (headers["X-Scope-OrgID"], headers["Authorization"].split()[0]) for _, _, headers, _ in server.requests
    ]
    assert set(shown) == {(SECRET, "Bearer"), (SECRET, "Basic")}
    assert all(SECRET.encode() not in body for _, _, _, body in server.requests)


def test_other_settings_are_other_answers_and_other_secrets_are_not() -> None:
    def digest(**settings: Any) -> str:
        return source("http://prometheus:9090", **{**OWN, **settings}).settings

    same: list[Callable[[], str]] = [
        lambda: digest(token=SECRET), lambda: digest(timeout="9s"), lambda: digest(method="post"),
        lambda: digest(headers={"X-Key": "a"}),
    ]  # fmt: skip
    others = [
        digest(**more)
        for more in (
            {"metrics": {"inferences": "other_total"}}, {"matching": 'a="b"'}, {"model": "m"}, {"system": "x"},
            {"max_gap": "3d"}, {"gap_after": "1m"}, {"partial_above": 0.5}, {"replica_labels": ["r"]},
            {"failed": {"a": "b"}}, {"headers": {"X-Scope-OrgID": "a"}}, {"headers": {"X-Scope-OrgID": "b"}},
            {"errors_inside": True}, {"witness": "up"}, {"operation": "o"}, {"operation": {"constant": "image"}},
        )
    ]  # fmt: skip

    assert {make() for make in same} == {digest()}
    assert len({*others, digest()}) == len(others) + 1


def test_the_questions_are_shown_without_asking() -> None:
    shown = source("http://127.0.0.1:1", preset="tgi", token=SECRET).shown(days(1, 2))

    assert shown.startswith(
        "# preset tgi\n# running totals from 2026-03-02T00:00:00Z to 2026-03-04T00:00:00Z by 1d\n"
    )
    assert "last_over_time(tgi_request_success[2d])" in shown
    assert "resets(tgi_request_success[3d])" in shown
    assert SECRET not in shown
