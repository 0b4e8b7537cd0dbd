"""Answers that are JSON of the documented shape, with something in them that nobody documents."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from leverwatch.collectors.sources.usage_api.collector import Account
from tests.collectors.sources.usage_api.server import (
    Reply,
    ask,
    config_of,
    context,
    counted,
    seconds,
    serving,
)

_SECRET = "what-somebody-wrote"


def langfuse(**more: Any) -> dict[str, Any]:
    row = {"time_dimension": "2026-11-18T00:00:00Z", "providedModelName": "m", "type": "GENERATION"}
    return {"data": [{**row, "count_count": "4", "sum_inputTokens": "90", **more}]}


def langsmith(**more: Any) -> dict[str, Any]:
    run = {"id": "r1", "start_time": "2026-11-18T10:00:00Z", "status": "success", "prompt_tokens": 10}
    return {"items": [{**run, **more}]}


def openai(**more: Any) -> dict[str, Any]:
    result = {"num_model_requests": 5, "input_tokens": 100, "output_tokens": 20, "model": "m", **more}
    return {"data": [{"start_time": seconds("2026-11-18"), "results": [result]}]}


def anthropic(usage: Any) -> dict[str, Any]:
    return {"data": [{"starting_at": "2026-11-18T00:00:00Z", "group": {"model": "m"}, "usage": usage}]}


@pytest.mark.parametrize(
    ("api", "body"),
    [
        ("langfuse", langfuse(time_dimension=_SECRET)),
        ("langfuse", langfuse(count_count=_SECRET)),
        ("langfuse", langfuse(sum_latency=[_SECRET])),
        ("langfuse", langfuse(providedModelName={_SECRET: 1})),
        ("langfuse", langfuse(count_count="NaN")),
        ("langfuse", langfuse(count_count=-4)),
        ("openai", openai(num_model_requests=-5)),
        ("openai", openai(amount={"value": "NaN"})),
        ("anthropic", anthropic(None)),
    ],
)
def test_what_is_no_number_of_calls_no_day_or_no_amount_fails_and_is_not_quoted(api: str, body: Any) -> None:
    costs = api == "openai" and "amount" in body["data"][0]["results"][0]
    with serving(lambda _: Reply(body)) as served, pytest.raises(SchemaDiffers, match="as documented") as raised:
        ask(api, served, "2026-11-18", costs=costs)

    assert _SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("api", "body", "field", "unknown"),
    [
        ("langsmith", langsmith(latency_seconds=-2.5), "latency_ms", "unknown_latency"),
        ("langsmith", langsmith(prompt_tokens=-1), "input_tokens", "unknown_input"),
        ("langsmith", langsmith(total_cost="inf"), "cost_usd", "unpriced"),
        ("langfuse", langfuse(sum_inputTokens="NaN"), "input_tokens", "unknown_input"),
    ],
)
def test_an_amount_that_is_none_is_unknown_and_said_and_its_calls_count(
    api: str, body: Any, field: str, unknown: str
) -> None:
    with serving(lambda _: Reply(body)) as served:
        found = ask(api, served, "2026-11-18")

    (told,) = counted(found.usage, "inferences", field, unknown).values()
    assert told[0] > 0
    assert told[1:] == (0, told[0])
    (problem,) = found.problems
    assert problem[1:] == (
        str(Result.MISTYPED_FIELD),
        f"{field}: negative or no number, and so unknown: {told[0]:,.0f} call{'s' if told[0] > 1 else ''}",
    )


def test_a_day_of_which_an_api_tells_tokens_and_no_calls_is_partial_though_it_tells_calls_elsewhere() -> None:
    with serving(lambda _: Reply(openai(num_model_requests=None))) as served:
        found = ask("openai", served, "2026-11-18", costs=False)

    assert found.usage == ()
    assert found.partial == found.filled
    assert (str(Result.MISSING_FIELD), "requests are not told on 1 days: the number of calls is unknown") in {
        problem[1:] for problem in found.problems
    }


def test_an_answer_about_other_days_says_nothing_of_those_that_were_asked_for() -> None:
    with serving(lambda _: Reply(langsmith(start_time="2026-11-03T10:00:00Z"))) as served:
        found = ask("langsmith", served, "2026-11-17", "2026-11-18")

    assert (found.usage, len(found.untold)) == ((), 2)
    assert [problem[1] for problem in found.problems] == [str(Result.OUT_OF_RANGE)]


def test_a_call_at_midnight_is_in_one_half_of_an_answer_that_was_asked_for_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end of a time belongs to it there."""
    monkeypatch.setattr("leverwatch.collectors.sources.usage_api.apis.langfuse.MOST_ROWS", 3)
    rows = [langfuse(time_dimension=f"2026-11-{day}T00:00:00Z")["data"][0] for day in (16, 17, 18)]

    def answer(asked: Any) -> Reply:
        query = asked.first("query")
        found = [row for row in rows if _bound(query, "from") <= row["time_dimension"][:10] <= _bound(query, "to")]
        return Reply({"data": found[:3]})

    with serving(answer) as served:
        found = ask("langfuse", served, "2026-11-16", "2026-11-17")

    assert sum(row.inferences for row in found.usage) == 8


def _bound(query: str, name: str) -> str:
    return query.partition(f'"{name}Timestamp":"')[2][:10]


def test_a_rule_may_look_at_the_model_which_no_api_is_asked_for_once_more() -> None:
    rules = [
        {"is": "search", "where": {"model": {"prefix": "m"}, "project_id": "p"}},
        {"is": "{model}-of-all", "where": {"project_id": {"present": False}}},
    ]
    body = openai(project_id="p")
    body["data"][0]["results"] += [{"num_model_requests": 2, "model": "n"}]
    body["data"][0]["results"] += [{"num_model_requests": 7, "model": "n", "project_id": "p"}]
    with serving(lambda asked: Reply(body if "completions" in asked.path else {"data": []})) as served:
        found = ask("openai", served, "2026-11-18", system=rules, costs=False)

    assert {(row.system, row.model, row.inferences) for row in found.usage} == {
        ("search", "m", 5), ("n-of-all", "n", 2),
    }  # fmt: skip
    assert found.calls[Result.UNATTRIBUTED] == 7
    assert served.asked[0].query["group_by[]"] == ["model", "project_id", "batch", "service_tier"]


@pytest.mark.parametrize("api", sorted(APIS))
def test_every_api_is_asked_by_rules_as_by_a_template(api: str) -> None:
    word = APIS[api].words[0].replace("NAME", "team")
    model = {"model": {"prefix": "m"}} if APIS[api].model_beside_words else {}
    rules = [{"is": "search", "where": {word: ["a", "b"], **model}}]
    days = Days(date(2026, 11, 17), date(2026, 11, 18))

    by_rules, by_template = (
        Account(config_of(api, None, system=system), context()).shown(days) for system in (rules, f"{{{word}}}")
    )

    assert by_rules == by_template
