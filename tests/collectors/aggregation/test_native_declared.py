"""The helper counts records of named formats as Python counts them, whatever is wrong with some of them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.pipeline import assemble
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.records.decoder import Decoder, build_format
from leverwatch.collectors.records.format_config import NamedFormat
from leverwatch.collectors.records.formats.registry import NAMED
from tests.collectors.aggregation.test_native_counter import SPANS, damaged, outcome
from tests.collectors.records.formats.examples import CASES, Make
from tests.collectors.records.formats.test_every_format import mutate
from tests.collectors.sources.files.logs import NOW, config, ingest
from tests.examples import examples

HELPED = {
    "anthropic": ("model",), "apisix": ("route",), "azure-apim": ("api",), "azure-openai": ("deployment",),
    "bedrock": ("identity",),
    "envoy-ai-gateway": ("route",), "kong": ("service", "plugin"), "langfuse": ("project",),
    "litellm": ("team_id",), "ollama": ("model",), "openai": ("service_tier",), "vertex": ("endpoint",),
}  # fmt: skip
"""The formats whose records the helper counts, and names of theirs."""
IN_TEXT = {"azure-openai": "properties", "litellm": "metadata", "vertex": "full_response"}
EACH = [pytest.param(name, make, id=f"{name}-{at}") for at, (name, make) in enumerate(CASES) if name in HELPED]
NUMBERS = (0, 1, 2, 7, 40, 2**40, 2**53 + 1, 0.5, 1e16, -1, 1e-9)
WORDS = ("", "None", "null", "NULL", "error", "length", "chat", " a", "é", "a\\", 'a"', "2026-03-10T08:00:00Z")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where the texts and numbers of a record are: an object or array, and a key of it."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from places(inner)
        else:
            yield value, key


def varied(record: Any, chance: random.Random) -> Any:
    """The same record with other numbers and texts, and some values dropped or told once more."""
    record = copy.deepcopy(record)
    found = list(places(record))
    for _ in range(chance.randrange(4)):
        node, key = chance.choice(found)
        if key not in node if isinstance(node, dict) else key >= len(node):
            continue
        old = node[key]
        is_number = isinstance(old, int | float) and not isinstance(old, bool)
        others: tuple[Any, ...] = NUMBERS if is_number and chance.random() < 0.8 else (None, *WORDS)
        node[key] = chance.choice(others)
        if isinstance(node, dict) and chance.random() < 0.2:
            del node[key]
    return record


def in_text(name: str, record: Any, chance: random.Random) -> Any:
    """The same record, where an object of it may be JSON inside a text, and a text of that may be anything."""
    key = IN_TEXT.get(name)
    if not isinstance(record, dict) or not isinstance(record.get(key), dict) or chance.random() < 0.3:
        return record
    inner = {
        **record[key],
        "said": chance.choice(('a "b" \\', "ü \U0001f600", "\n\t/", "")),
        "last": [1, {}, None],
    }
    text = json.dumps(inner, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, None, 1)))
    return {**record, key: chance.choice((text, text, text, "", "null", text[:-1], text.replace('"', "", 1)))}


def with_one_plugin(record: Any) -> Any:
    """The same record; that of Kong without what may stand beside its plugin."""
    plugins = record.get("ai")
    return {**record, "ai": {"proxy": plugins["proxy"]}} if isinstance(plugins, dict) else record


def both(name: str, system: str, window: str, **changes: Any) -> tuple[Ingest, Ingest]:
    made = config(format={"type": name}, system=system, dedupe_window=window, **changes)
    return ingest(made), ingest(made, compiled=False)


def told(counted: Counted) -> tuple[Any, ...]:
    """All of it."""
    usage, *rest = outcome(counted)
    return {key: {name: getattr(row, name) for name in COLUMNS} for key, row in usage.items()}, *rest


def expected(counted: Counted) -> tuple[Any, ...]:
    """All of it. Sums that were added up in another order may differ in their last digits."""
    usage, *rest = told(counted)
    return {key: pytest.approx(sums, rel=1e-9, abs=0) for key, sums in usage.items()}, *rest


@pytest.mark.parametrize(("name", "make"), EACH)
@given(
    seed=st.integers(0, 2**32),
    window=st.sampled_from(["0s", "1h"]),
    by_name=st.booleans(),
    days=SPANS,
    styles=st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", " :")]),
)
@example(seed=656, window="0s", by_name=False, days=None, styles=(", ", ": "))  # a sum that ends in 5
@settings(max_examples=examples(60))
def test_the_helper_counts_what_python_counts(
    name: str, make: Make, seed: int, window: str, by_name: bool, days: Days | None, styles: tuple[str, str]
) -> None:
    chance = random.Random(seed)
    system = "-".join(f"{{{it}}}" for it in HELPED[name]) if by_name else "bot"
    helped, alone = both(name, system, window)
    for one in (helped, alone):
        one.keep(days)
    first = 1
    for _ in range(chance.randrange(1, 4)):
        texts: list[bytes] = []
        for _ in range(chance.randrange(1, 10)):
            records = make(f"r{chance.randrange(6)}")
            if chance.random() < 0.8:
                records = [with_one_plugin(it) for it in records]
            way = chance.random()
            if way < 0.7:
                records = [varied(it, chance) for it in records]
            elif way < 0.8:
                records = [mutate(it, chance, 1) for it in records]
            records = [in_text(name, it, chance) for it in records]
            texts += (json.dumps(it, separators=styles).encode() for it in records)
        if chance.random() < 0.2:
            at = chance.randrange(len(texts))
            texts[at] = damaged(texts[at], chance.randrange(12))
        data = b"\n".join(texts) + b"\n"
        for one in (helped, alone):
            one.add(Lines(data, "app.jsonl", first))
        first += data.count(b"\n")

    assert told(helped.drain()) == expected(alone.drain())


def test_these_are_the_formats_that_the_helper_counts() -> None:
    made = {name: build_format(NamedFormat(type=name), ()) for name in NAMED}
    plans = {name: it.plan() for name, it in made.items() if isinstance(it, Decoder)}
    assert {name for name, plan in plans.items() if plan is not None and plan.lines is None} == {
        *HELPED,
        "mlflow",
        "otlp",
    }


@pytest.mark.parametrize("name", HELPED)
def test_a_plain_record_is_not_given_to_python(name: str) -> None:
    plain = assemble(config(format={"type": name}, system="bot"), lambda: NOW).plain
    (record,) = next(make("one") for known, make in CASES if known == name)
    assert plain is not None
    found = plain.scan(json.dumps(with_one_plugin(record)).encode() + b"\n")
    assert found is not None
    counted = plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"))
    assert counted.counted == 1
