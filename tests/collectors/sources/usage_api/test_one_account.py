"""A key of another account under the same settings: its days never take the place of those of the first one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import CredentialsRefused
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from tests.collectors.daily.test_collector import Store
from tests.collectors.sources.usage_api.accounts import account
from tests.collectors.sources.usage_api.paged import by_cursor
from tests.collectors.sources.usage_api.server import NOW, Asked, Reply, collector, serving
from tests.collectors.sources.usage_api.test_platforms import observation

WITH_A_HEADER = sorted(name for name, api in APIS.items() if api.account_header)
SETTINGS: Any = {"history": "3d"}


@dataclass
class Of:
    """An account that says whose it is; empty: it does not."""

    api: str
    whose: str
    calls: int = 4

    def __call__(self, asked: Asked) -> Reply:
        reply = account(self.api, self.calls)(asked)
        header = APIS[self.api].account_header
        named = {header.title(): self.whose} if header and self.whose else {}
        return Reply(reply.body, reply.status, named)


@pytest.mark.parametrize("api", WITH_A_HEADER)
def test_a_key_of_another_organisation_is_refused_and_the_days_of_the_first_stay(api: str) -> None:
    store = Store()
    with serving(Of(api, "org-first-Xm2")) as served:
        store.run(collector(api, served, **SETTINGS))
        before = dict(store.days), store.state["days"]
        served.answer = Of(api, "org-other", 9)
        with pytest.raises(CredentialsRefused, match="another organisation or project than the one whose days"):
            store.run(collector(api, served, **SETTINGS))
        with pytest.raises(CredentialsRefused, match="give the source another name"):
            collector(api, served, **SETTINGS).trial(date(2026, 11, 18), store.state)
        assert (store.days, store.state["days"]) == before

        served.answer = Of(api, "org-first-Xm2", 5)
        store.run(collector(api, served, **SETTINGS))
        # Whoever does not say it is taken for the same one.
        served.answer = Of(api, "", 6)
        store.run(collector(api, served, **SETTINGS))
        served.answer = Of(api, "org-other", 9)
        with pytest.raises(CredentialsRefused):
            store.run(collector(api, served, **SETTINGS))

    assert all(b"org-" not in value for value in store.state.values())
    if APIS[api].counts_calls:
        assert sum(store.days.values()) == 18


def test_observations_of_another_project_are_refused() -> None:
    store = Store()

    def of(project: str) -> Any:
        rows = [observation(at, projectId=project, startTime="2026-11-18T12:00:00Z") for at in range(3)]
        return by_cursor(rows, lambda: 2, of="langfuse")

    with serving(of("p-1")) as served:
        store.run(collector("langfuse-observations", served, **SETTINGS))
        served.answer = of("p-2")
        with pytest.raises(CredentialsRefused):
            store.run(collector("langfuse-observations", served, **SETTINGS))
    assert sum(store.days.values()) == 3


def test_with_other_settings_the_account_may_be_another_one() -> None:
    store = Store()
    with serving(Of("openai", "org-first")) as served:
        store.run(collector("openai", served, **SETTINGS))
        served.answer = Of("openai", "org-other", 9)
        store.run(collector("openai", served, NOW + timedelta(hours=1), costs=False, **SETTINGS))
    assert sum(store.days.values()) == 27


def test_a_key_that_becomes_another_one_between_two_pages_counts_nothing() -> None:
    def turning(asked: Asked) -> Reply:
        return Of("openai", "org-first" if len(served.asked) < 3 else "org-other")(asked)

    store = Store()
    with serving(turning) as served, pytest.raises(SourceUnavailable, match="another account between two answers"):
        store.run(collector("openai", served, queries_per_hour=1, **SETTINGS))
    assert store.days == {}
