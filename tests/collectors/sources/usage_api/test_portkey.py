from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.usage_api.portkey import Portkey, called
from tests.collectors.sources.usage_api.server import KEY, ask, config_of, counted, serving

NOON = "2026-11-18T12:00:00Z"
NAMES = ("inferences", "errors", "cache_hits", "cost_usd")


def answered(workspace: Portkey, first: str = "2026-11-18", last: str | None = None, **more: Any) -> Any:
    with serving(workspace) as served:
        return ask("portkey", served, first, last, **more), served


def test_calls_errors_and_costs_are_told_by_day_and_model_over_all_pages() -> None:
    requests = [
        called("2026-11-16T00:00:00Z", "a", n=5),
        called("2026-11-16T23:59:59.500Z", "b/x", n=2, cents=2.5),
        called("2026-11-17T00:00:00Z", "a", status=429, cents=0, n=3),
        called("2026-11-17T10:00:00Z", "a", n=4),
        called("2026-11-17T11:00:00Z", "c", status=500, cents=0),
    ]
    for rows, inside in ((1, True), (2, False), (100, True)):
        found, served = answered(Portkey(requests, rows, inside), "2026-11-15", "2026-11-17")

        assert counted(found.usage, *NAMES) == {
            ("bot", "a", "2026-11-16"): (5, 0, 0, 0.05),
            ("bot", "b/x", "2026-11-16"): (2, 0, 0, 0.05),
            ("bot", "a", "2026-11-17"): (4, 3, 0, 0.04),
            ("bot", "c", "2026-11-17"): (0, 1, 0, 0),
        }
        assert (found.untold, found.partial, found.problems) == (frozenset(), frozenset(), ())
        assert {one.headers["x-portkey-api-key"] for one in served.asked} == {KEY}
        assert {one.first("workspace_slug") for one in served.asked} == {"main"}


def test_answers_of_the_cache_are_cache_hits_and_no_inferences() -> None:
    found, _ = answered(Portkey([called(NOON, n=6), called(NOON, hit=True, cents=0, n=3)]))

    assert counted(found.usage, *NAMES) == {("bot", "m", "2026-11-18"): (6, 0, 3, 0.06)}


def test_answers_of_the_cache_that_may_be_of_several_models_leave_the_model_of_the_day_unknown() -> None:
    requests = [called(NOON, "a", n=6), called(NOON, "b", hit=True, n=3), called(NOON, "b", status=502)]
    found, _ = answered(Portkey(requests))

    assert counted(found.usage, *NAMES) == {("bot", "unknown", "2026-11-18"): (6, 1, 3, 0.1)}
    assert "3 answers of the cache have no model" in found.problems[0][2]


def test_a_name_in_the_metadata_tells_systems_and_what_has_none_is_said() -> None:
    team, other = {"team": "shop"}, {"team": 'a "b"/ü'}
    requests = [
        called(NOON, metadata=team, n=7), called(NOON, metadata=team, hit=True, cents=0, n=2),
        called(NOON, metadata=team, status=400, cents=0), called(NOON, metadata=other, n=3, cents=2.0),
        called(NOON, hit=True, n=4), called(NOON, status=503, n=2),
    ]  # fmt: skip
    found, served = answered(Portkey(requests, rows=1), system="{metadata.team}")

    assert counted(found.usage, *NAMES) == {
        ("shop", "unknown", "2026-11-18"): (7, 1, 2, 0.07),
        ('a "b"/ü', "unknown", "2026-11-18"): (3, 0, 0, 0.06),
    }
    assert found.calls[Result.UNATTRIBUTED] == 6
    assert "/v1/analytics/groups/metadata/team" in served.paths()


def test_a_cost_that_does_not_add_up_or_is_not_told_is_unknown_and_never_zero() -> None:
    requests = [called(NOON, "a", n=2), called(NOON, "b")]
    silent, _ = answered(Portkey(requests, costs=False))

    assert {(row.model, row.inferences, row.unpriced) for row in silent.usage} == {("a", 2, 2), ("b", 1, 1)}
    assert "costs do not add up to that of the day" in silent.problems[0][2]

    one, _ = answered(Portkey(requests[:1], costs=False))
    assert [row.cost_usd for row in one.usage] == [0.02]


def test_a_day_without_requests_is_told_and_has_none() -> None:
    found, served = answered(Portkey([called("2026-11-16T12:00:00Z")]), "2026-11-16", "2026-11-18")

    assert (len(found.usage), found.untold, len(found.filled)) == (1, frozenset(), 1)
    assert len(served.asked) == 3 * 5


def test_a_workspace_has_to_be_named_and_one_name_of_metadata_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="only has to name workspace_slug"):
        config_of("portkey", None, only={})
    with pytest.raises(ValueError, match="more than 1 dimensions"):
        config_of("portkey", None, system="{metadata.a}/{metadata.b}")
    with pytest.raises(ValueError, match=r"model and metadata\.a, and portkey tells"):
        config_of("portkey", None, system=[{"is": "bot", "where": {"metadata.a": "x"}}, "{model}"])
