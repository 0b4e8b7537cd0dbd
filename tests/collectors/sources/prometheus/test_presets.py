"""What known servers write, scraped into a real Prometheus, and the day that their presets make of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.sources.prometheus.presets import PRESETS, ROLES, SCALED
from leverwatch.collectors.sources.prometheus.selectors import parse_selector
from tests.collectors.sources.prometheus.conftest import serving
from tests.collectors.sources.prometheus.expositions import EXPOSITIONS, TOLD
from tests.collectors.sources.prometheus.stored import DAY, HOUR, Stored, days, every, source

PAGE = Path(__file__).parents[4] / "docs" / "sources" / "prometheus.md"
_LINE = re.compile(r"([^\s{]+)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def scraped(name: str, text: str) -> list[Stored]:
    """Return what is stored when a server has written nothing until noon of the second day, and then this text."""
    found = []
    for line in text.strip().splitlines():
        if line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        assert match is not None, line
        labels = dict(_LABEL.findall(match[2] or "")) | {"job": name, "instance": name, "namespace": "prod"}
        times = every(600.0, 0, 2 * DAY)
        value = float(match[3])
        found.append(Stored(match[1], labels, [(at, value if at > DAY + 12 * HOUR else 0.0) for at in times]))
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scraped all of them."""
    found = [series for name, text in EXPOSITIONS.items() for series in scraped(name, text)]
    with serving("prometheus", tmp_path_factory.mktemp("presets"), found) as url:
        yield url


@pytest.mark.e2e
@pytest.mark.parametrize("name", TOLD)
def test_what_a_server_writes_is_counted_by_its_preset(name: str, server: str) -> None:
    preset, _, _ = name.partition("@")
    asked = source(server, preset=preset, matching=f'job="{name}"', system="{namespace}", gap_after="10m")

    answer = asked.ask(days(1, 1))

    def told(row: Any) -> dict[str, Any]:
        amounts = {
            "calls": row.inferences,
            "errors": row.errors,
            "input": row.input_tokens if row.unknown_input == 0 else None,
            "cached": row.cached_input_tokens if row.unknown_cached == 0 else None,
            "output": row.output_tokens if row.unknown_output == 0 else None,
            "seconds": round(row.latency_ms / 1000, 6) if row.unknown_latency == 0 else None,
            "cost": round(row.cost_usd, 6) if row.unpriced == 0 else None,
        }
        # Nothing is unknown of no calls; then only what was counted is told.
        return {key: it for key, it in amounts.items() if it or (it is not None and row.inferences)}

    def without_calls(row: Any) -> dict[str, Any]:
        return {"cached": row.cached_input_tokens, "input": row.input_tokens, "output": row.output_tokens}

    found = {(row.model, row.operation.value): told(row) for row in answer.usage}
    # Of a server that counts no calls, their number is unknown, and not zero.
    assert not (answer.usage and answer.uncounted)
    found |= {(row.model, "generation"): without_calls(row) for row in answer.uncounted}
    assert found == TOLD[name]
    assert {*(row.system for row in answer.usage), *(row.system for row in answer.uncounted)} == {"prod"}
    assert answer.problems == ()


def test_the_page_lists_every_preset_with_what_it_counts() -> None:
    words = {
        "inferences": "calls", "errors": "failures", "input_tokens": "input", "cached_input_tokens": "cached",
        "cache_write_tokens": "written to a cache", "output_tokens": "output", "latency_seconds": "latency",
        "cost_usd": "cost",
    }  # fmt: skip
    rows = []
    for name, preset in PRESETS.items():
        roles = {SCALED.get(metric, (metric, 1.0))[0] for metric in preset.metrics}
        roles |= {"errors"} if preset.failed else set()
        counts = ", ".join(words[role] for role in ROLES if role in roles)
        rows.append(f"| `{name}` | {counts} | {preset.title}: {preset.origin} | {preset.remark} |")
    text = PAGE.read_text()
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        begin, end = text.index("| `vllm` |"), text.index("\n\n", text.index("| `vllm` |"))
        PAGE.write_text(text[:begin] + "\n".join(rows) + text[end:])
    assert "\n".join(rows) in PAGE.read_text()


def test_every_name_of_a_preset_is_a_selector() -> None:
    for preset in PRESETS.values():
        assert set(preset.metrics) <= {*ROLES, *SCALED}
        for names in preset.metrics.values():
            assert len({str(parse_selector(name)) for name in names}) == len(names)
        for pattern in (*preset.operations, *preset.failed.values()):
            re.compile(pattern)
