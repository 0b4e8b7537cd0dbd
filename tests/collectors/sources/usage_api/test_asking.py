"""What holds for every API: errors, pages, clocks, and secrets."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.answers import DayState
from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from leverwatch.collectors.sources.usage_api.collector import Account
from tests.collectors.sources.usage_api.providers import OpenAi, call
from tests.collectors.sources.usage_api.server import (
    KEY,
    NOW,
    Reply,
    Served,
    ask,
    collector,
    config_of,
    context,
    serving,
)

CALL = call("2026-11-18", model="m", num_model_requests=3, input_tokens=10, output_tokens=2)
ERRORS: dict[int, type[CollectorError]] = {
    400: SchemaDiffers, 401: CredentialsRefused, 403: PermissionRefused, 404: SchemaDiffers, 408: TimedOut,
    429: RateLimited, 500: SourceUnavailable, 502: SourceUnavailable, 504: TimedOut, 302: SourceRefused,
}  # fmt: skip


@pytest.mark.parametrize("api", sorted(APIS))
def test_every_status_has_its_error_and_no_error_has_the_key(api: str) -> None:
    for status, kind in ERRORS.items():
        headers = {"Retry-After": "17"} if status == 429 else {}
        refusing = serving(lambda _, s=status, h=headers: Reply({"error": KEY}, s, h))  # type: ignore[misc]
        with refusing as served, pytest.raises(kind) as raised:
            ask(api, served, "2026-11-18")
        assert KEY not in str(raised.value)
        assert "source bill" in str(raised.value)
        if isinstance(raised.value, RateLimited):
            assert raised.value.retry_after == 17


@pytest.mark.parametrize("api", sorted(APIS))
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": 3}', b'{"data": [{"date": 5}]}', b"[" * 5000])
def test_an_answer_of_another_shape_is_refused_and_never_no_calls(api: str, body: bytes) -> None:
    with (
        serving(lambda _: Reply(body)) as served,
        pytest.raises(SchemaDiffers, match=r"not as documented|no JSON"),
    ):
        ask(api, served, "2026-11-18")


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        ask("openai", Served(url="http://127.0.0.1:1"), "2026-11-18")


def test_all_pages_together_have_to_come_in_time() -> None:
    provider = OpenAi([CALL, {**CALL, "model": "n"}], rows=1)

    def slowly(asked: Any) -> Reply:
        reply = provider(asked)
        return Reply(reply.body, delay=0.4)

    with serving(slowly) as served, pytest.raises(TimedOut):
        ask("openai", served, "2026-11-18", timeout="600ms")


def test_a_page_that_comes_again_and_again_ends() -> None:
    def same(_: Any) -> Reply:
        return Reply({"object": "page", "data": [], "has_more": True, "next_page": "page_same"})

    with serving(same) as served, pytest.raises(SourceUnavailable, match="a page comes again"):
        ask("openai", served, "2026-11-18")
    assert len(served.asked) == 2


def test_more_pages_that_nobody_can_ask_for_are_no_end() -> None:
    more = serving(lambda _: Reply({"data": [], "has_more": True}))
    with more as served, pytest.raises(SchemaDiffers, match="`next_page` is missing"):
        ask("openai", served, "2026-11-18")


def test_a_day_is_not_over_before_the_server_says_so() -> None:
    with serving(OpenAi([CALL])) as served:
        served.now = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
        early = ask("openai", served, "2026-11-18")
        served.now = datetime(2026, 11, 19, 0, 0, 1, tzinfo=UTC)
        late = ask("openai", served, "2026-11-18")

    assert early.partial == {date(2026, 11, 18)}
    assert late.partial == frozenset()


def test_the_present_day_is_partial_and_the_one_before_complete() -> None:
    with serving(OpenAi([CALL, {**CALL, "day": "2026-11-20"}, {**CALL, "day": "2026-11-19"}])) as served:
        source = collector("openai", served)
        states = [source.trial(date(2026, 11, day)).state for day in (19, 20)]

    assert states == [DayState.COMPLETE, DayState.PARTIAL]


def test_the_questions_are_shown_without_the_key() -> None:
    days = Days(date(2026, 11, 17), date(2026, 11, 18))
    for api in APIS:
        shown = Account(config_of(api, "https://usage.example"), context()).shown(days)
        assert shown.startswith(("GET https://usage.example/", "POST https://usage.example/"))
        assert KEY not in shown
    first, *_ = Account(config_of("openai", "https://usage.example"), context()).shown(days).splitlines()
    assert first == (
        "GET https://usage.example/v1/organization/usage/completions?start_time=1794873600&end_time=1795046400"
        "&bucket_width=1d&limit=31&group_by[]=model&group_by[]=batch&group_by[]=service_tier"
    )


def test_the_key_is_sent_where_the_api_wants_it_and_nowhere_else(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(f"{KEY}\n")
    for name, api in APIS.items():
        with serving(lambda _: Reply(b"")) as served, pytest.raises(CollectorError):
            ask(name, served, "2026-11-18", token=None, token_file=str(secret))
        (asked,) = served.asked
        where = api.key_header or "authorization"
        assert [name for name, value in asked.headers.items() if KEY in value] == [where]
        assert KEY not in json.dumps([asked.path, asked.query, asked.body])


def test_without_any_key_nothing_is_asked() -> None:
    with serving(lambda _: Reply({})) as served, pytest.raises(SourceRefused, match="there is no key; it needs"):
        ask("anthropic", served, "2026-11-18", token=None)
    assert served.asked == []
    # It is said before anything is asked.
    ((_, doubt),) = config_of("anthropic", None, token=None).doubts()
    assert "there is no key" in doubt
    assert not list(config_of("anthropic", None).doubts())


def test_other_settings_ask_every_day_again_and_another_key_does_not() -> None:
    def told(url: str = "https://usage.example", **more: Any) -> str:
        return Account(config_of("openai", url, **more), context()).settings

    assert told() == told(token="another")
    others = [
        told(system="{project_id}"),
        told(only={"models": ["m"]}),
        told(costs=False),
        told(url="https://b.example"),
    ]
    assert len({told(), *others}) == 5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"system": "{team}"}, "tells only: project_id, api_key_id, user_id"),
        ({"only": {"team": ["a"]}}, "leaves nothing out"),
        ({"only": {"models": []}}, "without a value"),
        ({"api": "openrouter", "only": {"user_id": ["a", "b"]}}, "openrouter takes one"),
        ({"api": "nobody"}, "Input should be"),
        # A user in several groups is told in each of them.
        ({"api": "anthropic", "system": "{rbac_group_id}"}, "anthropic tells only: workspace_id"),
        ({"token_file": "x"}, "one token too many"),
    ],
)
def test_settings_that_cannot_be_are_refused_without_the_key(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        config_of(**{"api": "openai", "url": "https://usage.example", **more})
    assert KEY not in str(refused.value)


def test_the_address_of_the_service_is_known_and_every_api_says_what_it_tells() -> None:
    for name, api in APIS.items():
        config = config_of(name, api.url or "https://usage.example")
        assert config.tells() is api.tells
        assert config.history <= timedelta(days=api.history or 90)
        assert config.counts_usage() is api.counts_calls
    assert config_of("openai", None).url == "https://api.openai.com"
    assert NOW.tzinfo is UTC
