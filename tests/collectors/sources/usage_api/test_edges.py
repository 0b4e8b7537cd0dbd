"""Times, names and amounts at the edges of what an API documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from tests.collectors.daily.test_collector import Store
from tests.collectors.sources.usage_api.accounts import DAYS, account
from tests.collectors.sources.usage_api.paged import Provider
from tests.collectors.sources.usage_api.portkey import Portkey, called
from tests.collectors.sources.usage_api.providers import Anthropic, AnthropicReport, OpenAi, call, openrouter
from tests.collectors.sources.usage_api.server import NOW, Reply, ask, collector, counted, seconds, serving

ODD = ("a/b:free", "mödel \U0001f98a", "x" * 300, "q\"u'o\\te", "tab\there", " spaced ", "{braces}", "null", "0")
NO_NAMES = ("x" * 300, "tab\there")
WEEK = {"starting_at": "2026-11-17T00:00:00Z", "ending_at": "2026-11-24T00:00:00Z"}
SETTINGS: Any = {"history": "3d"}


@pytest.mark.parametrize("skew", [-10, 10])
@pytest.mark.parametrize("api", sorted(APIS))
def test_a_clock_that_is_off_by_ten_minutes_makes_no_day_whole_before_it_is_over(api: str, skew: int) -> None:
    """At five to midnight by the server, either clock may be in the next day."""
    store = Store()
    served_now = datetime(2026, 11, 19, 23, 55, tzinfo=UTC)
    with serving(account(api, 4)) as served:
        served.now = served_now
        store.run(collector(api, served, served_now + timedelta(minutes=skew), **SETTINGS))
        early = store.days.get(date(2026, 11, 19))

        served.answer, served.now = account(api, 6), NOW
        store.run(collector(api, served, NOW, **SETTINGS))

    assert early in ({4, None} if APIS[api].counts_calls else {0, None})
    if APIS[api].counts_calls:
        assert {day: store.days[date.fromisoformat(day)] for day in DAYS} == dict.fromkeys(DAYS, 6)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-10-24", "2026-10-26"),  # an hour more in Europe
        ("2026-03-28", "2026-03-30"),  # an hour less
        ("2028-02-28", "2028-03-01"),  # a leap day
        ("2026-12-31", "2027-01-01"),
    ],
)
def test_days_are_those_of_utc_over_changes_of_clocks_and_ends_of_months(first: str, last: str) -> None:
    days = [first, last]
    requests = [called(f"{day}T{time}Z") for day in days for time in ("00:00:00", "12:00:00", "23:59:59.999")]
    used = OpenAi([call(day, model="m", num_model_requests=3) for day in days])
    for api, provider in (("portkey", Portkey(requests)), ("openai", used)):
        with serving(provider) as served:
            found = ask(api, served, first, last)

        assert {f"{row.day}": row.inferences for row in found.usage} == dict.fromkeys(days, 3)
        assert found.untold == frozenset()


def test_names_of_models_with_odd_characters_stay_apart_and_what_no_name_can_be_is_said_with_its_calls() -> None:
    calls = [call("2026-11-18", model=model, num_model_requests=at) for at, model in enumerate(ODD, 1)]
    requests = [called("2026-11-18T12:00:00Z", model, n=at) for at, model in enumerate(ODD, 1)]
    for api, provider in (("openai", OpenAi(calls, rows=4)), ("portkey", Portkey(requests, rows=4))):
        with serving(provider) as served:
            found = ask(api, served, "2026-11-18")

        assert {row.model: row.inferences for row in found.usage} == {
            model.strip(): at for at, model in enumerate(ODD, 1) if model not in NO_NAMES
        }
        assert found.calls[Result.MISTYPED_FIELD] == sum(ODD.index(model) + 1 for model in NO_NAMES)
        assert len(found.problems) == len(NO_NAMES)


def test_two_thousand_projects_are_systems_of_their_own_over_all_pages() -> None:
    calls = [call("2026-11-18", model="m", project_id=f"proj_{at}", num_model_requests=1) for at in range(2000)]
    with serving(OpenAi(calls, rows=500)) as served:
        found = ask("openai", served, "2026-11-18", system="{project_id}", costs=False)

    assert len({row.system for row in found.usage}) == sum(row.inferences for row in found.usage) == 2000


@pytest.mark.parametrize("api", sorted(APIS))
def test_an_organisation_without_calls_has_none_and_no_day_of_it_is_known_to_be_idle(api: str) -> None:
    store = Store()
    empty: dict[str, Provider] = {
        "portkey": Portkey(),
        "helicone": lambda _: Reply({"data": []}),
        "openrouter": openrouter([]),
    }
    with serving(empty.get(api) or account(api, 0)) as served:
        store.run(collector(api, served, **SETTINGS))

    assert (sum(store.days.values()), store.problems) == (0, [])


def test_a_day_that_is_told_otherwise_later_takes_the_place_of_what_was_counted() -> None:
    for api in ("openai", "anthropic", "langfuse", "portkey"):
        store = Store()
        with serving(account(api, 9)) as served:
            store.run(collector(api, served, **SETTINGS))
            served.answer = account(api, 2)
            store.run(collector(api, served, **SETTINGS))
        assert {f"{day}": number for day, number in store.days.items() if number} == dict.fromkeys(DAYS, 2)


def test_a_refund_is_a_bill_below_zero_and_its_cost_is_unknown() -> None:
    item = {"date": "2026-11-18", "model": "m", "requests": 3, "prompt_tokens": 1, "completion_tokens": 1}
    with serving(openrouter([{**item, "usage": -0.5}])) as served:
        found = ask("openrouter", served, "2026-11-18")

    assert counted(found.usage, "inferences", "cost_usd", "unpriced") == {("bot", "m", "2026-11-18"): (3, 0, 3)}
    assert [one.usd for one in found.billed] == [-0.5]


@pytest.mark.parametrize("api", ["anthropic", "anthropic-report"])
def test_a_cost_in_another_currency_leaves_the_rest_of_a_report_as_it_is(api: str) -> None:
    of_day = {"day": "2026-11-18", "model": "m", "requests": 3, "output": 1}
    costs = [{"day": "2026-11-18", "amount": "250", "description": "m"}] * 2
    provider = Anthropic([of_day], costs, 9) if api == "anthropic" else AnthropicReport([of_day], costs)

    def in_euros(asked: Any) -> Reply:
        reply = provider(asked)
        if "cost" in asked.path:
            (rows,) = (row.get("results") or [row] for row in reply.body["data"][:1])
            (rows[0].get("cost") or rows[0])["currency"] = "EUR"
        return reply

    with serving(in_euros) as served:
        found = ask(api, served, "2026-11-18")

    assert [one.usd for one in found.billed] == [2.5]
    assert [problem[1:] for problem in found.problems] == [
        (str(Result.MISTYPED_FIELD), "amounts in another currency than dollars: 1")
    ]
    assert found.usage or found.uncounted


@pytest.mark.parametrize(
    ("api", "body"),
    [
        ("openai", {"data": [{"start_time": seconds("2026-11-17"), "end_time": seconds("2026-11-19")}]}),
        ("anthropic-report", {"data": [{**WEEK, "results": []}]}),
        ("anthropic", {"data": [{**WEEK, "group": {}}]}),
    ],
)
def test_a_bucket_that_is_larger_than_a_day_is_refused_as_nobody_knows_its_days(api: str, body: Any) -> None:
    with serving(lambda _: Reply(body)) as served, pytest.raises(SchemaDiffers, match="larger than a UTC day"):
        ask(api, served, "2026-11-17", "2026-11-18")
