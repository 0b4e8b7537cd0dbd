"""However many rows a server puts on a page, every call is read, and counts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.usage_api.answering import Reply as Answers
from leverwatch.collectors.sources.usage_api.answering import answer_of
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from leverwatch.collectors.sources.usage_api.interface import Wish
from leverwatch.collectors.sources.usage_api.paging import pages
from leverwatch.collectors.sources.usage_api.repeats import without_repeats
from tests.collectors.sources.usage_api.paged import Provider, by_cursor, by_offset, cut_off, fetching
from tests.collectors.sources.usage_api.portkey import Portkey, called
from tests.collectors.sources.usage_api.providers import Anthropic, AnthropicReport, OpenAi, call
from tests.collectors.sources.usage_api.server import Reply, ask, seconds, serving
from tests.collectors.sources.usage_api.test_platforms import observation, run, summed
from tests.examples import examples

SPAN = Days(date(2026, 11, 16), date(2026, 11, 18))
ONLY: Mapping[str, Mapping[str, Sequence[str]]] = {
    "langsmith": {"project_ids": ["p-1"]},
    "portkey": {"workspace_slug": ["main"]},
}


def counted(api: str, provider: Provider) -> Any:
    """What is counted of three days."""
    wish = Wish(SPAN, (), ONLY.get(api, {}), costs=True)
    fetch = fetching(provider)
    replies = [
        Answers(
            first.what,
            without_repeats(pages(APIS[api], first, wish, "place", fetch)),
            first.what not in ("costs", "cost"),
        )
        for first in APIS[api].questions(wish)
    ]
    template = parse_template("bot")
    return answer_of(replies, SPAN, (), system_lookup(template), "place", counts_calls=APIS[api].counts_calls)


def request(at: int) -> dict[str, Any]:
    return {
        "request_id": f"h{at}", "request_created_at": f"2026-11-1{6 + at % 3} 08:00:00", "response_status": 200,
    }  # fmt: skip


def a_day(at: int) -> str:
    return f"2026-11-1{6 + at % 3}"


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    api=st.sampled_from(sorted({*APIS} - {"openrouter", "anthropic-report"})),
    number=st.integers(0, 25),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    late=st.integers(0, 3),
)
def test_every_call_counts_once_whatever_is_on_a_page(api: str, number: int, sizes: list[int], late: int) -> None:
    left = iter(sizes * 200)

    def size() -> int:
        return next(left)

    def arrives(before: int) -> bool:
        return before < late

    ats = range(number)
    rows, models = sizes[0], [f"m{at // 3}" for at in ats]
    used_by_day = [call(a_day(at), model=models[at], num_model_requests=1) for at in ats]
    requests = [{"day": a_day(at), "model": models[at], "requests": 1} for at in ats]
    sums = [summed(a_day(at), providedModelName=models[at], count_count="1") for at in ats]
    observations = [observation(at, startTime=f"{a_day(at)}T10:00:00Z") for at in ats]
    runs = [run(at, start_time=f"{a_day(at)}T10:00:00Z") for at in ats]
    providers: dict[str, Provider] = {
        "openai": OpenAi(used_by_day, rows=rows),
        "anthropic": Anthropic(requests, rows=rows),
        # Of each day, one row more would be refused.
        "langfuse": cut_off(sums, 9),
        "langfuse-observations": by_cursor(observations, size, of="langfuse"),
        "langsmith": by_cursor(runs, size, of="langsmith"),
        "helicone": by_offset([request(at) for at in ats], size, arrives),
        "portkey": Portkey([called(f"{a_day(at)}T10:00:00Z", models[at]) for at in ats], rows=rows),
    }

    found = counted(api, providers[api])

    # What arrives in a part that was read is seen by the next run.
    assert sum(row.inferences for row in found.usage) == number
    assert found.untold == frozenset()


@given(rows=st.integers(1, 6), number=st.integers(0, 12))
@settings(max_examples=examples(15), deadline=None)
def test_tokens_and_bills_count_once_whatever_is_on_a_page(rows: int, number: int) -> None:
    usage = [{"day": a_day(at), "model": f"m{at}", "output": at + 1} for at in range(number)]
    costs = [{"day": a_day(at), "amount": f"{at + 1}", "description": f"m{at}"} for at in range(number)]
    found = counted("anthropic-report", AnthropicReport(usage, costs, rows))

    assert sum(one.output_tokens for one in found.uncounted) == number * (number + 1) / 2
    assert sum(one.usd for one in found.billed) == pytest.approx(number * (number + 1) / 200)


def test_a_page_that_shifted_repeats_sums_which_count_once_and_are_said() -> None:
    first, second = (
        {"starting_at": "2026-11-18T00:00:00Z", "group": {"model": model}, "usage": usage}
        for model, usage in (("a", used(4)), ("b", used(3)))
    )  # fmt: skip
    bodies = {
        "": {"data": [first, second], "has_more": True, "next_page": "2"},
        "2": {"data": [second], "has_more": False},
    }
    with serving(lambda asked: Reply(bodies[asked.first("page")])) as served:
        found = ask("anthropic", served, "2026-11-18", costs=False)

    assert {row.model: row.inferences for row in found.usage} == {"a": 4, "b": 3}
    assert found.problems == (
        (f"source bill: {served.url}", str(Result.DUPLICATE), "sums that stand on two pages, and count once: 1"),
    )


def used(requests: int) -> dict[str, Any]:
    written = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}
    tokens = {"uncached_input_tokens": 1, "cache_read_input_tokens": 0, "output_tokens": 1}
    return {**tokens, "cache_creation": written, "requests": requests}


def test_a_bucket_that_comes_twice_counts_once_and_one_that_goes_on_counts_whole() -> None:
    def bucket(day: str, *calls: int) -> dict[str, Any]:
        return {"start_time": seconds(day), "results": [{"num_model_requests": n, "model": "m"} for n in calls]}

    body = {"data": [bucket("2026-11-18", 5), bucket("2026-11-18", 5), bucket("2026-11-18", 2)]}
    with serving(lambda asked: Reply(body if "completions" in asked.path else {"data": []})) as served:
        found = ask("openai", served, "2026-11-18", costs=False)

    assert [row.inferences for row in found.usage] == [7]


def test_a_server_that_gives_the_same_page_whatever_is_asked_for_is_no_endless_source() -> None:
    same = serving(lambda _: Reply({"data": [request(1)]}))
    with same as served, pytest.raises(SourceUnavailable, match="the same calls come again"):
        ask("helicone", served, "2026-11-17")
    assert len(served.asked) == 11


def test_sums_that_are_cut_off_below_what_one_day_has_are_refused_and_never_fewer_calls() -> None:
    rows = [summed("2026-11-18", providedModelName=f"m{at}", count_count="1") for at in range(4)]
    with serving(cut_off(rows, 3)) as served, pytest.raises(SchemaDiffers, match=r"told at once \(3\)"):
        ask("langfuse", served, "2026-11-17", "2026-11-18")
