"""Set-ups in which several instrumentations see one call, or seem to, and what truly happened in each."""

from __future__ import annotations

from typing import Any

from tests.collectors.records.formats.spans import FRAMEWORK, LIBRARY, SDK, Scoped, call, span

_EMBED: dict[str, Any] = {
    "gen_ai__operation__name": "embeddings", "gen_ai__request__model": "e-1", "gen_ai__usage__output_tokens": None,
}  # fmt: skip

ONE_CALL: dict[str, tuple[list[Scoped], dict[str, float]]] = {
    "both tell the tokens, one the id and the dated model": (
        [
            call(FRAMEWORK, "a", 120, 30, ms=90),
            call(LIBRARY, "b", 120, 30, parent="a", at=5, ms=80, gen_ai__response__id="r1",
                 gen_ai__response__model="m-1-2026-02-01", gen_ai__usage__cache_read__input_tokens=64),
        ],
        {"calls": 1, "in": 120, "out": 30, "cached": 64},
    ),
    "the outer one invents tokens of a stream, the inner one tells none": (
        [
            call(FRAMEWORK, "a", 4, 9, gen_ai__response__id="r2"),
            span(LIBRARY, "b", "a", 2, 60, openinference__span__kind="LLM", llm__model_name="m-1"),
        ],
        {"calls": 1, "in": 4, "out": 9},
    ),
    "only the inner one tells tokens": (
        [call(FRAMEWORK, "a"), call(LIBRARY, "b", 256, 166, parent="a", at=1, ms=38, gen_ai__response__id="r3")],
        {"calls": 1, "in": 256, "out": 166},
    ),
    "a failed pair": (
        [
            call(FRAMEWORK, "a", failed=True),
            span(LIBRARY, "b", "a", 15, 8, failed=True, openinference__span__kind="LLM"),
        ],
        {"errors": 1},
    ),
    "an embedding": (
        [
            call(FRAMEWORK, "a", 129, ms=58, **_EMBED),
            span(LIBRARY, "b", "a", 1, 56, openinference__span__kind="EMBEDDING", llm__token_count__prompt=129,
                 embedding__model_name="e-1-2026-05-01"),
        ],
        {"embedding calls": 1, "embedding in": 129},
    ),
    "two spans of one instrumentation, the outer one without tokens": (
        [call(LIBRARY, "a", ms=48, **_EMBED), call(LIBRARY, "b", 161, parent="a", at=1, ms=47, **_EMBED)],
        {"embedding calls": 1, "embedding in": 161},
    ),
    "side by side under one task, one output too many in one of them": (
        [
            span("flow", "t", ms=400, traceloop__span__kind="task"),
            call(LIBRARY, "a", 1336, 27, parent="t", at=10, ms=139, gen_ai__response__id="r4",
                 gen_ai__usage__cache_read__input_tokens=1000),
            call(SDK, "b", 1336, 26, parent="t", at=20, ms=128, gen_ai__response__id="r4",
                 gen_ai__usage__cache_read__input_tokens=1000),
        ],
        {"calls": 1, "in": 1336, "out": 26, "cached": 1000},
    ),
    "a failed pair side by side, a little longer inside than outside": (
        [call(LIBRARY, "a", at=150, ms=143, failed=True), call(SDK, "b", at=149, ms=133, failed=True)],
        {"errors": 1},
    ),
    "roots of two traces": (
        [
            call(FRAMEWORK, "a", 252, 162, trace="t1", ms=85.8),
            call(LIBRARY, "b", 252, 162, trace="t2", at=20, ms=64.6, gen_ai__usage__cost=0.02),
            call(FRAMEWORK, "c", trace="t3", at=300, ms=40, failed=True),
            span(LIBRARY, "d", "", 308, 14, "t4", failed=True, openinference__span__kind="LLM"),
        ],
        {"calls": 1, "errors": 1, "in": 252, "out": 162, "cost": 0.02},
    ),
    "the input includes the cached tokens outside and not inside": (
        [
            call(FRAMEWORK, "a", 1012, 40),
            call(LIBRARY, "b", 12, 40, parent="a", at=1, ms=90, gen_ai__usage__cache_read__input_tokens=1000),
        ],
        {"calls": 1, "in": 1012, "out": 40, "cached": 1000},
    ),
    "the output includes the thinking outside and not inside": (
        [call(FRAMEWORK, "a", 10, 196), call(LIBRARY, "b", 10, 6, parent="a", at=1, ms=90)],
        {"calls": 1, "in": 10, "out": 196},
    ),
    "three instrumentations": (
        [
            call(FRAMEWORK, "a", ms=100),
            call(LIBRARY, "b", 50, 20, parent="a", at=2, ms=90, gen_ai__usage__cost=0.5),
            call(SDK, "c", 50, 20, parent="b", at=4, ms=80, gen_ai__response__id="r5"),
        ],
        {"calls": 1, "in": 50, "out": 20, "cost": 0.5},
    ),
    "a span of a stream that begins when the stream has ended": (
        [
            call(LIBRARY, "a", 147, 57, ms=600, gen_ai__response__id="r6"),
            call(SDK, "b", 147, 57, at=620, ms=0, gen_ai__response__id="r6"),
        ],
        {"calls": 1, "in": 147, "out": 57},
    ),
    "one tells no price, as a zero": (
        [
            call(FRAMEWORK, "a", 20, 5, gen_ai__usage__cost=0.0),
            call(LIBRARY, "b", 20, 5, parent="a", at=1, ms=50, gen_ai__usage__cost=0.25),
        ],
        {"calls": 1, "in": 20, "out": 5, "cost": 0.25},
    ),
}  # fmt: skip

MORE_CALLS: dict[str, tuple[list[Scoped], dict[str, float]]] = {
    "two pairs at the same time that nothing tells apart": (
        [
            call(FRAMEWORK, "a", ms=100), call(FRAMEWORK, "b", at=0.5, ms=100.5, trace="t2"),
            call(LIBRARY, "c", at=1, ms=98, trace="t3"), call(LIBRARY, "d", at=2, ms=98.5, trace="t4"),
        ],
        {"calls": 2},
    ),
    "an agent asks two models through two libraries at the same time": (
        [
            span("flow", "t", ms=400, traceloop__span__kind="workflow"),
            call(FRAMEWORK, "a", 300, 20, parent="t", ms=100),
            call(LIBRARY, "b", 310, 21, parent="t", at=10, ms=50),
            call(FRAMEWORK, "c", parent="t", at=200, ms=100),
            call(LIBRARY, "d", parent="t", at=210, ms=50, gen_ai__request__model="m-2"),
        ],
        {"calls": 4, "in": 610, "out": 41},
    ),
    "different response ids": (
        [
            call(FRAMEWORK, "a", 9, 9, gen_ai__response__id="r1"),
            call(LIBRARY, "b", 9, 9, at=5, ms=50, gen_ai__response__id="r2"),
            call(SDK, "c", 9, 9, parent="a", at=5, ms=50, gen_ai__response__id="r3"),
        ],
        {"calls": 3, "in": 27, "out": 27},
    ),
    "parallel calls of one instrumentation with equal tokens": (
        [call(LIBRARY, "a", 9, 9), call(LIBRARY, "b", 9, 9, at=5, ms=50), call(LIBRARY, "c", 9, 9, trace="t2")],
        {"calls": 3, "in": 27, "out": 27},
    ),
    "a retry: the attempt that failed is not the call that succeeded": (
        [
            call(FRAMEWORK, "a", 9, 3, ms=200), call(LIBRARY, "b", parent="a", at=1, ms=50, failed=True),
            call(LIBRARY, "c", 9, 3, parent="a", at=100, ms=90),
        ],
        {"calls": 1, "errors": 1, "in": 9, "out": 3},
    ),
    "embeddings in two batches inside one span that tells no tokens": (
        [
            call(LIBRARY, "a", ms=200, **_EMBED), call(LIBRARY, "b", 70, parent="a", at=1, ms=50, **_EMBED),
            call(LIBRARY, "c", 71, parent="a", at=60, ms=50, **_EMBED),
        ],
        {"embedding calls": 2, "embedding in": 141},
    ),
    "another model with equal tokens inside": (
        [call(FRAMEWORK, "a", 10, 5), call(LIBRARY, "b", 10, 5, parent="a", gen_ai__request__model="m-2")],
        {"calls": 2, "in": 20, "out": 10},
    ),
    "one call without tokens around two with different ones": (
        [
            call(FRAMEWORK, "a", ms=100), call(LIBRARY, "b", 10, 5, at=2, ms=90, trace="t2"),
            call(SDK, "c", 30, 6, at=4, ms=70, trace="t3"),
        ],
        {"calls": 2, "in": 40, "out": 11},
    ),
    "an operation of another kind inside": (
        [call(FRAMEWORK, "a", 10, 5), call(LIBRARY, "b", 10, parent="a", at=1, ms=9, **_EMBED)],
        {"calls": 1, "in": 10, "out": 5, "embedding calls": 1, "embedding in": 10},
    ),
    "intervals that overlap and hold neither the other": (
        [call(FRAMEWORK, "a", 9, 9), call(LIBRARY, "b", 9, 9, at=50, ms=100, trace="t2")],
        {"calls": 2, "in": 18, "out": 18},
    ),
}  # fmt: skip

SETUPS = ONE_CALL | MORE_CALLS
