"""What is said of a field map that cannot be meant: one error, at the place of the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.agent.config import load_config
from leverwatch.agent.errors import ConfigError

PLACE = "sources[0].format.fields"


def problems(folder: Path, fields: str, kind: str = "jsonl", more: str = "") -> str:
    path = folder / "leverwatch.yaml"
    path.write_text(f"""
sources:
  - name: log
    type: files
    path: "*.jsonl"
    system: bot
    format:
      type: {kind}
      {more}
      fields: {{time: ts, {fields}}}
""")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "place", "reason"),
    [
        ("model: []", "model", "needs a path"),
        ("model: ''", "model", "needs a path"),
        ("model: 5", "model", "must be a path (a text), a list of paths, or a mapping"),
        ("model: [a, 5]", "model", "must be a path (a text), a list of paths, or a mapping"),
        ("model: [a, +b]", "model", "only numbers are added up, and a date with the time of day behind it"),
        ("input_tokens: [a, +b, c]", "input_tokens", "a list is of paths of which the first that tells"),
        ("input_tokens: [+a, +b]", "input_tokens", "a list is of paths of which the first that tells"),
        ("input_tokens: [a, +]", "input_tokens", "a + is followed by a path"),
        ("input_tokens: {pathh: a}", "input_tokens.pathh", 'unknown key; did you mean "path"?'),
        ("input_tokens: {decimal: ','}", "input_tokens", "needs path or constant"),
        ("request_id: {path: []}", "request_id.path", "needs a path"),
        ("latency: seconds", "latency", "needs a unit: {path: ..., unit: s}"),
        ("latency: {path: seconds}", "latency.unit", "is missing"),
        ("latency: {path: t, unit: m}", "latency.unit", "must be one of s, ms, us, ns"),
        ("latency: {path: t, unit: s}, latency_ms: t", "", "latency and latency_ms are one field"),
        ("operation: {constant: teleport}", "operation", "its constant is a word of no known meaning"),
        ("model: {constant: a, path: b}", "model", "constant is the value of every record: path has no effect"),
        ("input_tokens: {constant: 1.5}", "input_tokens", "expected a whole number from 0 to 2**53"),
        ("sample_rate: {constant: 0}", "sample_rate", "expected a rate from 1e-6 to 1"),
        ("sample_rate: {path: a, of_session: b}", "sample_rate", "is no counter that could grow in a session"),
        ("status: {path: a, succes: [b]}", "status.succes", 'unknown key; did you mean "success"?'),
        ("status: {path: a, success: [b], error: [B]}", "status", "b has two meanings"),
        ("status: {path: a, error: {present: false}}", "status.error", "needs prefix or present: true"),
        ("cost_usd: {path: a, decimal: ',', thousands: ','}", "cost_usd", "decimal and thousands are two signs"),
        ("cost_usd: {path: a, unit: pennies}", "cost_usd.unit", "must be one of cents, millis, micros, nanos"),
        ("cost_usd: {constant: 5, unit: cents}", "cost_usd", "constant is the value of every record: unit has no"),
        ("input_tokens: {path: a, unit: cents}", "input_tokens.unit", "unknown key"),
        ("cost_usd: {path: a, decimal: '5'}", "cost_usd", "is no sign between digits"),
        ("reasoning_tokens: {path: a, stands: apart}", "reasoning_tokens.stands", "must be one of inside, beside"),
        (
            "cached_input_tokens: {path: a, stands: beside}",
            "",
            "cached_input_tokens: stands: beside adds it to input_tokens, which is not mapped",
        ),
        (
            "input_tokens: b, cached_input_tokens: {path: a, stands: beside, of_session: s}",
            "",
            "both are of_session, of the same one, or none",
        ),
        ("output_tokens: b, reasoning_tokens: {path: a, total: c}", "reasoning_tokens", "needs stands: beside"),
        ("inferences: {path: a, of_session: s}, errors: b", "", "both are of_session, of the same one, or none"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_map_is_one_error_that_names_its_place(
    tmp_path: Path, fields: str, place: str, reason: str
) -> None:
    told = problems(tmp_path, fields)

    assert f"{PLACE}.{place}:".replace(".:", ":") in told
    assert reason in told
    assert told.count(PLACE) == 1


@pytest.mark.parametrize(
    ("time", "place", "reason"),
    [
        ("{path: a, format: '%H:%M'}", "time.format", 'does not tell the day, as "%d.%m.%Y" does'),
        ("{path: a, format: DD.MM.YYYY}", "time.format", 'does not tell the day, as "%d.%m.%Y" does'),
        ("{path: a, format: '%Q'}", "time.format", 'is no format of times, such as "%d.%m.%Y %H:%M:%S"'),
        ("{path: a, format: '%Y-%m-%d', unit: s}", "time", "a time has a format or a unit, not both"),
        ("{unit: s}", "time", "needs path"),
        ("{constant: now}", "time.constant", "unknown key"),
    ],
)
def test_a_mistake_in_how_times_are_written_names_its_place(
    tmp_path: Path, time: str, place: str, reason: str
) -> None:
    path = tmp_path / "leverwatch.yaml"
    fields = f"fields: {{time: {time}}}"
    path.write_text(
        f"sources: [{{name: log, type: files, path: a, system: b, format: {{type: jsonl, {fields}}}}}]"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})

    assert f"{PLACE}.{place}:" in str(caught.value)
    assert reason in str(caught.value)
    assert str(caught.value).count(PLACE) == 1


def test_a_map_of_columns_is_checked_like_one_of_paths(tmp_path: Path) -> None:
    told = problems(tmp_path, "input_tokens: [a, +b, c]", "csv")

    assert told.count(f"{PLACE}.input_tokens:") == 1
    assert "which begin with +" in told


def test_a_path_that_is_none_is_named_where_it_stands(tmp_path: Path) -> None:
    told = problems(tmp_path, "input_tokens: [a, +b..c]")

    assert f"{PLACE}.input_tokens:" in told
    assert "a path is keys joined by dots" in told


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_the_map_that_the_documentation_shows_is_one(tmp_path: Path, kind: str) -> None:
    page = (Path(__file__).parents[3] / "docs/sources/files.md").read_text()
    block = page.partition("### What an entry can say")[2].partition("    fields:\n")[2].partition("\n\n")[0]
    path = tmp_path / "leverwatch.yaml"
    head = (
        f"sources:\n- name: log\n  type: files\n  path: a\n  system: b\n  format:\n    type: {kind}\n    fields:\n"
    )
    path.write_text(head + block + "\n")

    (source,) = load_config(path, {}).config.sources
    assert len(source.format.fields.entries()) == block.count("\n") + 1  # type: ignore[attr-defined]  # of files
