"""Every error that an API documents, over a socket: what it becomes, and that a run that meets it loses no day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import RateLimited
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from tests.collectors.daily.test_collector import Store
from tests.collectors.sources.usage_api.accounts import DAYS, account
from tests.collectors.sources.usage_api.documented_errors import ERRORS, RATE, WAIT
from tests.collectors.sources.usage_api.server import KEY, NOW, Asked, Reply, collector, serving

ONE_QUESTION: Any = {"queries_per_hour": 1, "history": "3d"}
"""One that failed is not asked again before the next hour."""


@pytest.mark.parametrize("api", sorted(APIS))
def test_a_documented_error_is_a_settled_word_says_what_to_fix_and_loses_no_day(api: str) -> None:
    store, now = Store(), NOW
    with serving(account(api, 4)) as served:
        store.run(collector(api, served, now, **ONE_QUESTION))
        before, known = dict(store.days), store.state["days"]
        for error in ERRORS[api]:
            now += timedelta(hours=1, minutes=2)
            served.answer = lambda _, it=error: Reply(it.body, it.status, it.headers)  # type: ignore[misc]

            with pytest.raises(CollectorError) as raised:
                store.run(collector(api, served, now, **ONE_QUESTION))

            said = str(raised.value)
            assert (raised.value.reason, error.says in said) == (error.word, True), (error, said)
            assert KEY not in said
            assert all(KEY.encode() not in value for value in store.state.values())
            assert (store.days, store.state["days"]) == (before, known)
        served.answer = account(api, 6)
        served.now = now = NOW + timedelta(hours=14, minutes=29)
        # After an answer that came too late, fewer days are asked for at once.
        store.run(collector(api, served, now, history="3d"))

    if APIS[api].counts_calls:
        days = {f"{day}": calls for day, calls in store.days.items() if f"{day}" in DAYS}
        assert days == dict.fromkeys(DAYS, 6)
    assert len(store.days) >= len(before)


@pytest.mark.parametrize("api", sorted(APIS))
def test_a_page_that_fails_after_others_came_leaves_every_day_as_it_was(api: str) -> None:
    """All pages are read before anything counts."""
    store, left = Store(), [0]
    good = account(api, 6)

    def failing(asked: Asked) -> Reply:
        left[0] -= 1
        return good(asked) if left[0] >= 0 else Reply(b"", 401)

    with serving(account(api, 4)) as served:
        store.run(collector(api, served, NOW, **ONE_QUESTION))
        before, pages = dict(store.days), len(served.asked)
        served.answer = failing
        for at in range(min(4, pages)):
            left[0] = at
            with pytest.raises(CollectorError):
                store.run(collector(api, served, NOW + timedelta(hours=2 + 2 * at), **ONE_QUESTION))
            assert store.days == before


def test_a_source_that_wants_to_be_left_alone_is_not_asked_before() -> None:
    store = Store()
    limited = serving(lambda _: Reply({}, 429, WAIT))
    with limited as served:
        with pytest.raises(RateLimited, match="again in 600 s"):
            store.run(collector("openai", served, NOW))
        with pytest.raises(RateLimited, match="again in 60 s"):
            store.run(collector("openai", served, NOW + timedelta(minutes=9)))
        assert len(served.asked) == 1
        served.answer = account("openai")
        store.run(
            collector("openai", served, NOW + timedelta(minutes=10), **ONE_QUESTION | {"queries_per_hour": 9})
        )
    assert sum(store.days.values()) == 12


def test_every_api_has_its_errors_and_says_when_it_is_asked_too_often() -> None:
    assert set(ERRORS) == set(APIS)
    for errors in ERRORS.values():
        assert {error.word for error in errors} >= {RATE, "credentials", "permission", "schema", "unavailable"}
