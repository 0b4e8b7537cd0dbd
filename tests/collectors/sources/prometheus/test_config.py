from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.sources.prometheus.config import PrometheusConfig
from leverwatch.collectors.sources.prometheus.selectors import Selector, among, parse_matchers, parse_selector
from leverwatch.collectors.tells import NO


def config(**settings: Any) -> PrometheusConfig:
    given = {"name": "m", "url": "http://prometheus:9090", "system": "{job}", **settings}
    return PrometheusConfig.model_validate(given)


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("a:b_total", Selector("a:b_total")),
        (' a{ x = "1" , y!="2",z=~"3|4",w!~"5",}', None),
        ('{__name__="gen_ai.calls", x="1"}', Selector("gen_ai.calls", (("x", "=", "1"),))),
        ('a{x="a\\"b\\\\c}"}', Selector("a", (("x", "=", 'a"b\\c}'),))),
        ("a{}", Selector("a")),
    ],
)
def test_a_selector_is_read_and_written_again(text: str, selector: Selector | None) -> None:
    found = parse_selector(text)

    assert selector in (None, found)
    assert parse_selector(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "sum(a)", "rate(a[5m])", "a[5m]", "a offset 1d", "a + b", '{x="1"}', '{__name__=~"a.*"}', 'a{x="1"',
        "a{x=1}", 'a{__name__="b"}', 'a{x="1" y="2"}', 'a{x="1"}[1d]', 'a{x="1"} or b{y="2"}', 'a{x="\\q"}', "a b",
    ],
)  # fmt: skip
def test_what_is_no_selector_of_one_metric_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"selector|name one metric|backslash|is no list"):
        parse_selector(text)


def test_matchers_hold_for_the_series_and_few_others() -> None:
    series = [{"pod": "a-1", "zone": "x"}, {"pod": "b.2"}, {"pod": "a-1", "zone": "x"}]

    assert among(series, ["pod", "zone", "node"]) == [
        ("pod", "=~", r"a-1|b\.2"), ("zone", "=~", "|x"), ("node", "=", ""),
    ]  # fmt: skip
    assert among(series, ["pod"], longest=3) == []
    assert among([], ["pod"]) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs a `preset`, or `metrics.inferences`"),
        ({"metrics": {"input_tokens": "a"}}, "needs `metrics.inferences`, or a `preset`"),
        ({"preset": "vlllm"}, "preset must be one of vllm, sglang"),
        ({"metrics": {"inferences": "sum(a)"}}, "must be one selector"),
        (
            {"metrics": {"inferences": "a", "latency_seconds": "b", "latency_milliseconds": "c"}},
            "in several units",
        ),
        ({"preset": "vllm", "matching": "namespace=chat"}, "is no list of label"),
        ({"preset": "vllm", "system": "{usage.team}"}, "which is no label"),
        ({"preset": "vllm", "replica_labels": ["a-b"]}, "is no label"),
        ({"preset": "vllm", "failed": {"code": "("}}, "is no regular expression"),
        ({"preset": "vllm", "max_gap": "1h"}, "must be from 1d to 35d"),
        ({"preset": "vllm", "gap_after": "7m"}, "divide a day"),
        ({"preset": "vllm", "witness": "up or x"}, "must be one selector"),
        ({"preset": "vllm", "partial_above": 2}, "less than or equal to 1"),
    ],
)
def test_settings_that_cannot_be_asked_for_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**settings)

    assert said in str(caught.value)


def test_what_is_written_beside_a_preset_comes_before_it() -> None:
    found = config(
        preset="vllm", matching='namespace="chat"', metrics={"inferences": "x", "latency_milliseconds": "y"},
        model="served", failed={"a": "b"}, operation={"constant": "embedding"},
    )  # fmt: skip

    counters = {it.role: it for it in found.counters()}
    assert [str(it) for it in counters["inferences"].selectors] == ['x{namespace="chat"}']
    assert [str(it) for it in counters["latency_seconds"].selectors] == ['y{namespace="chat"}']
    assert counters["latency_seconds"].scale == 0.001
    assert str(counters["input_tokens"].selectors[0]) == 'vllm:prompt_tokens_total{namespace="chat"}'
    known = found.known
    assert (known.model, known.failed, known.operations) == (("served",), {"a": "b"}, {".*": "embedding"})
    assert parse_matchers(found.matching or "") == (("namespace", "=", "chat"),)


def test_a_server_that_counts_no_calls_is_doubted_and_a_constant_system_is_declared() -> None:
    llama = config(preset="llama.cpp", system="bot")

    ((path, said),) = llama.doubts()
    assert path == ("preset",)
    assert "counts no calls" in said
    assert list(config(preset="llama.cpp", metrics={"inferences": "x"}).doubts()) == []
    beside = config(preset="llama.cpp", metrics={"inferences": "x"}, system="bot")
    assert [it.counts_usage() for it in (llama, beside, config(preset="vllm"))] == [False, True, True]
    assert [set(it.declared_systems()) for it in (llama, beside, config(preset="vllm"))] == [set(), {"bot"}, set()]


def test_what_a_source_tells_follows_from_its_counters() -> None:
    llama, litellm = config(preset="llama.cpp").tells(), config(preset="litellm").tells()

    assert (llama.calls, llama.errors, llama.cost, litellm.models) == (NO, NO, NO, "a label")
    assert NO not in (llama.tokens, llama.cached, litellm.calls, litellm.errors, litellm.cost, litellm.latency)
