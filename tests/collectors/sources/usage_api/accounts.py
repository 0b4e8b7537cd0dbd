"""An account of each API with calls on three days, by their documented protocols."""

from __future__ import annotations

from collections.abc import Mapping

from tests.collectors.sources.usage_api.paged import Provider, by_cursor, by_offset, cut_off
from tests.collectors.sources.usage_api.portkey import Portkey, called
from tests.collectors.sources.usage_api.providers import Anthropic, AnthropicReport, OpenAi, call, openrouter
from tests.collectors.sources.usage_api.test_platforms import observation, run, summed

DAYS = ("2026-11-17", "2026-11-18", "2026-11-19")


def account(api: str, calls: int = 4) -> Provider:
    """An account with so many calls on each of the days; pages are small."""
    noon = [f"{day}T12:00:00Z" for day in DAYS for _ in range(calls)]
    by_day = [{"day": day, "model": "m", "requests": calls, "output": calls} for day in DAYS]
    item = {"model": "m", "requests": calls, "prompt_tokens": 1, "completion_tokens": 1, "usage": 0.5}
    one = {"response_status": 200, "request_model": "m"}
    requests = [{**one, "request_id": f"h{at}", "request_created_at": moment} for at, moment in enumerate(noon)]
    providers: Mapping[str, Provider] = {
        "openai": OpenAi([call(day, model="m", num_model_requests=calls) for day in DAYS], rows=2),
        "anthropic": Anthropic(by_day),
        "anthropic-report": AnthropicReport(by_day),
        "openrouter": openrouter([{**item, "date": day} for day in (*DAYS, "2026-11-20")]),
        "langfuse": cut_off([summed(day, count_count=f"{calls}") for day in DAYS], 2),
        "langfuse-observations": by_cursor(
            [observation(at, startTime=moment) for at, moment in enumerate(noon)], lambda: 3, of="langfuse"
        ),
        "langsmith": by_cursor(
            [run(at, start_time=moment) for at, moment in enumerate(noon)], lambda: 3, of="langsmith"
        ),
        "helicone": by_offset(requests, lambda: 3, lambda _: False),
        "portkey": Portkey([called(moment) for moment in noon]),
    }
    return providers[api]
