from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import observed
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.setups import SETUPS
from tests.collectors.records.formats.spans import (
    FRAMEWORK,
    LIBRARY,
    NOW,
    SDK,
    Scoped,
    Source,
    by_name,
    call,
    document,
    totals,
)
from tests.collectors.sources.files.logs import config, sums

each = pytest.mark.parametrize("name", SETUPS)


def at_once(spans: list[Scoped]) -> dict[tuple[str, str, str], float]:
    source = Source()
    source.read(document(*spans))
    source.commit()
    return totals(source.usage)


def in_pieces(spans: list[Scoped], choice: random.Random) -> Source:
    """The spans in another order, in documents, chunks, batches and files of any size, with restarts and with some
    delivered again."""
    left = [*spans, *choice.sample(spans, choice.randint(0, len(spans)))]
    choice.shuffle(left)
    source = Source()
    while left:
        number = choice.randint(1, len(left))
        part, left = left[:number], left[number:]
        source.read(document(*part), choice.choice(("a.json", "b.json")))
        choice.choice((lambda: None, source.commit, source.restart))()
    source.commit()
    return source


@each
def test_in_whatever_order_and_pieces_observations_come_the_totals_are_those_of_one_batch(name: str) -> None:
    spans, right = SETUPS[name]
    whole = at_once(spans)
    for seed in range(25):
        source = in_pieces(spans, random.Random(seed))
        assert totals(source.usage) == whole, seed
        assert by_name(source.usage) == right, seed


@st.composite
def traffic(draw: st.DrawFn) -> list[Scoped]:
    """Calls that look alike: few tokens, times and scopes, and traces and parents of all kinds."""
    spans: list[Scoped] = []
    for number in range(draw(st.integers(1, 9))):
        tokens = draw(st.sampled_from([(None, None), (10, 5), (10, 6), (30, None)]))
        spans.append(
            call(
                draw(st.sampled_from([FRAMEWORK, LIBRARY, SDK, ""])),
                f"s{number}",
                *tokens,
                trace=draw(st.sampled_from(["t1", "t2"])),
                parent=draw(st.sampled_from(["", "s0", "s1", "s2"])),
                at=draw(st.integers(0, 8)),
                ms=draw(st.integers(10, 60)),
                failed=draw(st.booleans()),
                gen_ai__response__id=draw(st.sampled_from([None, None, "r1", "r2"])),
            )
        )
    return spans


@given(traffic(), st.integers(0, 2**16))
def test_for_any_traffic_the_totals_follow_from_the_observations_alone(spans: list[Scoped], seed: int) -> None:
    source = in_pieces(spans, random.Random(seed))

    assert totals(source.usage) == at_once(spans)
    assert source.tallies[Result.COUNTED] >= 1


def test_a_line_that_is_read_again_with_its_end_leaves_what_it_joined_as_it_was() -> None:
    spans, right = SETUPS["three instrumentations"]
    first, second, third = (document(it)[:-1] for it in spans)
    source = Source()
    source.read(first)
    source.read(second)
    source.read(third)
    assert source.ingest.drain().usage
    source = Source()
    for part in (first, second, third):
        source.read(part)
    for part in (second, first):
        source.ingest.retract(Lines(part, "a.json", 1))
        source.read(part + b"\n")
    source.commit()

    assert by_name(source.usage) == right


@pytest.mark.parametrize(("number", "restarts"), [(300, False), (100, True)])
def test_the_other_instrumentation_may_come_in_a_file_that_is_read_later(number: int, restarts: bool) -> None:
    source = Source()
    for scope, early in ((LIBRARY, 0), (FRAMEWORK, 1)):
        calls = (
            call(scope, f"{scope}{n}", 10 + n, 5, at=1000 * n - early, ms=100 + 2 * early, trace=f"t{n}")
            for n in range(number)
        )
        source.read(b"".join(map(document, calls)), f"{scope}.json")
        if restarts:
            source.restart()
    source.commit()

    assert source.tallies == {Result.COUNTED: number, Result.DUPLICATE: number}
    assert by_name(source.usage)["calls"] == number


def test_a_time_that_no_clock_shows_costs_none_of_the_calls_that_wait_with_it() -> None:
    source = Source()
    scope, odd = call(LIBRARY, "odd", 7, 3)
    odd |= {"startTimeUnixNano": str(2**70), "endTimeUnixNano": str(2**70)}
    source.read(document((scope, odd), call(LIBRARY, "a", 10, 5, at=1, ms=90, trace="t2")))
    source.read(document(call(FRAMEWORK, "b", 10, 5, trace="t3")))
    source.commit()

    assert by_name(source.usage) == {"calls": 1, "in": 10, "out": 5}
    assert source.tallies[Result.DUPLICATE] == 1


def test_the_oldest_observations_are_forgotten_with_the_others_of_their_calls_and_nothing_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observed, "MOST", 600)
    source = Source()
    for number in range(2000):
        at, trace = 1000 * number, f"t{number}"
        outer = call(FRAMEWORK, f"a{number}", at=at, trace=trace)
        inner = call(LIBRARY, f"b{number}", 10, 5, at=at + 1, ms=90, parent=f"a{number}", trace=trace)
        source.read(document(outer))
        source.read(document(inner))
        if number % 150 == 0:
            source.restart()
    source.commit()

    assert by_name(source.usage) == {"calls": 2000, "in": 20000, "out": 10000}
    kept = [key for key in source.stored if key.startswith("observed/")]
    assert len(kept) <= 4
    assert sum(len(source.stored[key]) for key in kept) < 600 * 400


def test_what_is_old_by_the_clock_is_forgotten_after_the_next_batch() -> None:
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    made = Ingest(config(format="otlp", system="bot"), clock)
    made.load({})
    made.add(Lines(document(call(FRAMEWORK, "a", 10, 5)), "a.json", 1))
    (key,) = (key for key in made.drain().state if key.startswith("observed/"))
    now[0] += timedelta(hours=2)
    made.add(Lines(document(call(LIBRARY, "b", 10, 5, at=1, ms=90)), "a.json", 1))
    late = made.drain()

    assert late.tallies == {Result.DUPLICATE: 1}
    assert "inferences" not in sums(late.usage)
    now[0] += timedelta(hours=2)
    assert made.drain().state == {key: None}
