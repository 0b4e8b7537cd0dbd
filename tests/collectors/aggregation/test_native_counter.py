from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh64_intdigest

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.results import MAX_PROBLEMS
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.service_tiers import BOUNDS
from tests.collectors.aggregation.test_batch_counter import TIMES, UNCOMMON_FIELDS
from tests.collectors.sources.files.logs import FIELDS, config, ingest, record, sums
from tests.examples import examples

ROOT = Path(__file__).parents[3]
EXACT = st.integers(0, 640).map(lambda number: number / 64)
"""What can be added in any order."""
AMOUNTS = st.one_of(st.none(), st.integers(0, 9), EXACT)
COUNTS = st.one_of(
    st.none(),
    st.integers(0, 5000),
    st.sampled_from([7.0, "7", -1, 2**50, 2**53 + 1, True, []]),
    st.sampled_from([bound + more for bound in BOUNDS for more in (-1, 0, 1)]),
)
IDS = st.one_of(
    st.integers(-1, 5), st.sampled_from(["r1", " r1 ", "r2", "é", "a\\b", "", "None", "null", None, 1.5, 10**19])
)
RECORDS = st.fixed_dictionaries(
    {"ts": TIMES},
    optional={
        "response": st.one_of(
            st.none(),
            st.just(5),
            st.fixed_dictionaries({"model": st.sampled_from(["a", "b", "ö", 'q"', "", None, 3])}),
        ),
        "id": IDS,
        "op": st.sampled_from(["chat", "embedding", "", "teleport", None]),
        "status": st.sampled_from(["success", "error", "maybe", "200", 200, 500, 1, True, False, None, {}]),
        "usage": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "prompt_tokens": COUNTS,
                    "completion_tokens": COUNTS,
                    "details": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"cached": COUNTS})),
                },
            ),
        ),
        "cost": AMOUNTS,
        "ms": AMOUNTS,
        "n": AMOUNTS,
        "rate": st.sampled_from([None, 1, 0.5, 0.25, 0, 2, "0.5"]),
        "hit": st.sampled_from([True, False, 1, "hit", None]),
        "tries": AMOUNTS,
        "failed": AMOUNTS,
        "app": st.sampled_from(["x", "y", "ü", 1, True, "", None, {"z": 1}]),
        "trace": IDS,
        "written": COUNTS,
        "hour": COUNTS,
        "tier": st.sampled_from(["batch", "Flex", "default", "soon", 1, True, None, {}]),
        "thought": COUNTS,
        "valid": st.sampled_from([True, False, "failed", "perhaps", None]),
        "mode": st.sampled_from([True, "json_schema", "json_object", None]),
        "why": st.sampled_from(["stop", "length", "", None]),
        "static": COUNTS,
        "messages": st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
            max_leaves=5,
        ),
    },
)
STYLES: list[Callable[[Any], str]] = [
    json.dumps,
    lambda value: json.dumps(value, separators=(",", ":")),
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: " " + json.dumps(value, separators=(" ,\t", " : ")) + "\r",
]
LINES = st.tuples(RECORDS, st.sampled_from(STYLES)).map(lambda made: made[1](made[0]).encode(errors="replace"))


def helped(kept: Iterable[str]) -> dict[str, str]:
    """A map of these fields; one with both inferences and errors is read by Python alone."""
    every, names = FIELDS | UNCOMMON_FIELDS, {"time", *kept}
    left = names - ({"errors"} if "inferences" in names else set())
    return {name: every[name] for name in sorted(left)}


MAPPINGS = st.one_of(
    st.just(helped({*FIELDS, *UNCOMMON_FIELDS})),
    st.sets(st.sampled_from(sorted({*FIELDS, *UNCOMMON_FIELDS} - {"time"}))).map(helped),
)
SPANS: st.SearchStrategy[Days | None] = st.sampled_from(
    [None, ((date(2026, 3, 10).toordinal(), date(2026, 3, 10).toordinal()),)]
)


def damaged(data: bytes, seed: int) -> bytes:
    """The same with a few bytes dropped, doubled or replaced."""
    chance = random.Random(seed)
    made = bytearray(data)
    for _ in range(seed % 4):
        if not made:
            break
        at = chance.randrange(len(made))
        made[at : at + chance.randrange(3)] = chance.choice(
            [b"", b'"', b"\\", b"{", b"}", b",", b"\xff", b"0", b" "]
        )
    return bytes(made).replace(b"\n", b"")


def both(fields: dict[str, str], days: Days | None = None, **changes: Any) -> tuple[Ingest, Ingest]:
    made = config(format={"type": "jsonl", "fields": fields}, **changes)
    helped, alone = ingest(made), ingest(made, compiled=False)
    for one in (helped, alone):
        one.keep(days)
    assert helped.takes_views
    assert not alone.takes_views
    return helped, alone


def outcome(counted: Counted) -> tuple[Any, ...]:
    """All of it; of the problems, where there are many, only how many are told."""
    problems = sorted((problem.place, problem.reason, problem.detail) for problem in counted.problems)
    usage = {(row.system, row.model, row.operation, row.day): row for row in counted.usage}
    few = problems if len(problems) < MAX_PROBLEMS else len(problems)
    return (
        usage, counted.tallies, counted.read, counted.days_seen, counted.newest_record, few, counted.state,
        counted.unreadable, {(tier.system, tier.model, tier.day, tier.tier): tier for tier in counted.tiers},
    )  # fmt: skip


@settings(max_examples=examples(200))
@given(
    MAPPINGS,
    st.sampled_from(["bot", "{app}", "{app}-{response.model}"]),
    st.sampled_from(["0s", "1h"]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    SPANS,
    st.lists(st.lists(st.tuples(LINES, st.integers(0, 11)), max_size=12), min_size=1, max_size=4),
)
def test_the_helper_counts_what_python_counts(
    fields: dict[str, str],
    system: str,
    window: str,
    zone: str,
    days: Days | None,
    chunks: list[list[tuple[bytes, int]]],
) -> None:
    helped, alone = both(fields, days, system=system, dedupe_window=window, timezone=zone)
    first = 1
    for chunk in chunks:
        data = b"".join(damaged(line, seed) + b"\n" for line, seed in chunk)
        for one in (helped, alone):
            one.add(Lines(data, "app.jsonl", first))
        if days is not None:
            assert helped.window is not None
            assert alone.window is not None
            assert helped.window.take() == alone.window.take()
        first += len(chunk)

    assert outcome(helped.drain()) == outcome(alone.drain())


def test_what_is_no_record_is_said_whatever_its_day() -> None:
    helped, alone = both(FIELDS, ((1, 2),))
    for one in (helped, alone):
        one.add(Lines(record(status={"code": 3}), "app.jsonl", 1))
        assert one.window is not None
        assert not one.window.left_out
        one.add(Lines(record() + record(status="maybe"), "app.jsonl", 2))
        assert one.window.left_out
    counted = helped.drain()

    assert counted.tallies == {Result.MISTYPED_FIELD: 1, Result.OUT_OF_RANGE: 2}
    assert outcome(counted) == outcome(alone.drain())


@settings(max_examples=examples(60))
@given(st.integers(0, 2**32), st.sampled_from(STYLES))
def test_the_order_of_the_keys_does_not_matter(seed: int, style: Callable[[Any], str]) -> None:
    chance = random.Random(seed)
    helped, alone = both(FIELDS, system="{app}")
    lines = []
    for at in range(chance.randrange(1, 150)):
        keys = {"app": f"a{at % 3}", "op": "chat", "id": f"r{at % 70}", "n" * chance.choice([1, 26, 27, 40]): at}
        made = json.loads(record(**keys, ts=f"2026-03-10T08:{at % 60:02}:00Z", cost=at / 64))
        order = list(made) if chance.random() < 0.5 else chance.sample(list(made), len(made))
        text = style({key: made[key] for key in order if chance.random() < 0.95 or key == "ts"})
        if chance.random() < 0.1:  # the last of two counts
            key = chance.choice(order)
            text = text.replace("{", f'{{"{key}": {json.dumps(made[key])}, ', 1)
        lines.append(text.encode() + b"\n")
    for one in (helped, alone):
        one.add(Lines(b"".join(lines), "app.jsonl", 1))

    assert outcome(helped.drain()) == outcome(alone.drain())


def cost_of(text: str) -> tuple[float, dict[Result, int]]:
    """What is counted of a number, which is the same at the end of what is read and before it."""
    found = []
    for behind in (b"", b',"app":"one of many apps"'):
        made = ingest(config(format={"type": "jsonl", "fields": {"time": "ts", "cost_usd": "cost"}}, system="bot"))
        line = b'{"ts":"2026-03-10T08:00:00Z","cost":%b%b}\n' % (text.encode(), behind)
        made.add(Lines(line, "app.jsonl", 1))
        counted = made.drain()
        found.append((sums(counted.usage).get("cost_usd", 0.0), counted.tallies))
    assert found[0] == found[1]
    return found[0]


@settings(max_examples=examples(200))
@given(
    st.one_of(st.floats(0, 1e15), st.floats(0, 1e-300), st.floats(0, 1), st.floats(0, 1e8)),
    st.sampled_from(["r", ".3e", ".25e", ".17f", ".0f", ".1f", ".4f", ".7f"]),
)
def test_every_digit_of_an_amount_counts(value: float, form: str) -> None:
    text = repr(value) if form == "r" else format(value, form)
    if float(text) <= 1e15:
        assert cost_of(text) == (float(text), {Result.COUNTED: 1})


@pytest.mark.parametrize("text", ["1.", "1.x", ".5", "01", "00", "-", "1e", "0.5e", "+1", "0x10", "1_0", "1e15e"])
def test_what_is_no_number_makes_its_line_no_json(text: str) -> None:
    assert cost_of(text) == (0.0, {Result.INVALID_LINE: 1})


@pytest.mark.parametrize("text", ["1e400", "-1", "NaN", "-Infinity", "1e16"])
def test_what_is_no_amount_is_unknown_and_its_call_counts(text: str) -> None:
    assert cost_of(text) == (0.0, {Result.COUNTED: 1})


@given(st.binary(max_size=200), st.integers(0, 2**64 - 1))
def test_keys_of_ids_are_the_same_with_and_without_the_helper(data: bytes, seed: int) -> None:
    assert _native.hash64(data, seed) == xxh64_intdigest(data, seed)


@given(st.binary(max_size=500), st.integers(0, 200))
def test_newlines_are_counted(data: bytes, newlines: int) -> None:
    assert _native.count_lines(data + b"\n" * newlines) == data.count(b"\n") + newlines


def test_the_helper_has_the_columns_of_the_roll_up() -> None:
    assert _native.COLUMNS == COLUMNS


def test_lines_that_are_mostly_odd_are_left_to_python_for_a_while() -> None:
    made = ingest()
    odd = record(id="ä").replace(b"\\u00e4", "ä".encode())
    for at in range(40):
        made.add(
            Lines(odd.replace("ä".encode(), f"ä{at}".encode()) + record(id=f"r{at}"), "app.jsonl", 1 + 2 * at)
        )

    counted = made.drain()
    assert (counted.read, counted.tallies) == (80, {Result.COUNTED: 80})


def test_more_places_than_are_remembered_are_counted() -> None:
    made = ingest(config(dedupe_window="0s"))
    for part in range(3):
        records = (record(app=f"app-{at}") for at in range(part * 50_000, (part + 1) * 50_000))
        made.add(Lines(b"".join(records), "app.jsonl", 1))
        counted = made.drain()
        assert len(counted.usage) == 50_000
        assert sums(counted.usage)["inferences"] == 50_000


def test_a_chunk_without_an_end_is_not_scanned() -> None:
    scan = _native.Scan((((b"ts",), 0),))
    with pytest.raises(ValueError, match="whole lines"):
        scan.read(b"{}")


def test_deep_and_wide_values_are_skipped_or_left_to_python() -> None:
    for depth in (1, 63, 64, 65, 500):
        made = ingest()
        nested = b"[" * depth + b"]" * depth
        made.add(Lines(record()[:-2] + b', "messages": ' + nested + b"}\n", "app.jsonl", 1))
        assert made.drain().tallies == {Result.COUNTED: 1}


WITHOUT = """
import sys
sys.modules["leverwatch.collectors.aggregation._native"] = None  # as where there was no compiler
from leverwatch.collectors.aggregation.lines import Lines
from tests.collectors.sources.files.logs import NOW, config, record
from leverwatch.collectors.aggregation.ingest import Ingest
made = Ingest(config(), lambda: NOW)
made.load({})
made.use_workers(2)
made.add(Lines(record(id="r1") + record(id="r1"), "app.jsonl", 1))
print(made.takes_views, *made.drain().tallies.items())
"""


def test_a_package_without_the_helper_counts_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout == ("False (<Result.COUNTED: 'counted'>, 1) (<Result.DUPLICATE: 'duplicate'>, 1)\n")
