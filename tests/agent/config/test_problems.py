"""Every kind of problem, with its exact line and words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from leverwatch.collectors.records.formats.exports import NAMES as EXPORTS
from leverwatch.collectors.records.formats.registry import NAMED

Problems = Callable[..., tuple[str, ...]]

FORMATS = ", ".join(("jsonl", "logfmt", "lines", "csv", *NAMED, *EXPORTS))
FILES = "name: a, type: files, path: x, system: s, format: {type: csv, fields: {time: t}}"

CASES = {
    "a misspelt format": (
        "sources:\n  - name: a\n    type: files\n    path: x\n    system: s\n    format:\n      type: cvs\n",
        f'7: sources[0].format.type: must be one of {FORMATS} (got "cvs")',
    ),
    "a source of an unknown type": (
        "sources:\n  - {name: a, type: gti}",
        '2: sources[0].type: must be one of files, git (got "gti")',
    ),
    "a source without a type": ("sources:\n  - {name: a}", "2: sources[0].type: is missing"),
    "a format that is only named and has a setting that cannot be left out": (
        "sources:\n  - {name: a, type: files, path: x, system: s,\n     format: jsonl}",
        '3: sources[0].format: must be a mapping: {type: jsonl, fields: ...} (got "jsonl")',
    ),
    "a format that is only named and has two such settings": (
        "sources:\n  - {name: a, type: files, path: x, system: s, format: lines}",
        '2: sources[0].format: must be a mapping: {type: lines, pattern: ..., fields: ...} (got "lines")',
    ),
    "a format of an unknown name": (
        "sources:\n  - {name: a, type: files, path: x, system: s, format: json}",
        f'2: sources[0].format: must be one of {FORMATS} (got "json")',
    ),
    "a source that is only named": (
        "sources:\n  - files",
        '2: sources[0]: must be a mapping: {name: ..., type: ..., ...} (got "files")',
    ),
    "a source that is no mapping": (
        "sources:\n  - 7",
        "2: sources[0]: must be a mapping (key: value) (got 7)",
    ),
    "a declared system with the name of all others": (
        "systems:\n  (other systems): {}",
        (
            '2: systems["(other systems)"]: the name must not be the one of all systems beyond '
            "limits.stored_systems together"
        ),
    ),
    "a missing key inside a format": (
        "sources:\n- {name: a, type: files, path: x, system: s, format: {type: csv, fields: {model: m}}}",
        "2: sources[0].format.fields.time: is missing",
    ),
    "a refused value that is the only one": (
        "sources:\n- {name: a, type: git, repo: r, systems: {s: [{files: x.py, select: {keys: [k]}}]}}",
        ("2: sources[0].systems.s[0]: select.keys is for files in yaml, json, toml, and not in python"),
    ),
    "a list without any value": (
        "sources:\n- {name: a, type: git, repo: r, systems: {s: []}}",
        "2: sources[0].systems.s: must have at least 1 value (got a list)",
    ),
    "an unknown section near a known one": (
        "log: {}\nwbe: {}",
        '2: wbe: unknown key; did you mean "web"?',
    ),
    "a misspelt key with which another one is compared": (
        "framework:\n  hybrd_from: 10M\n  fine_tuning_above: 50M",
        '2: framework.hybrd_from: unknown key; did you mean "hybrid_from"?',
    ),
    "an unknown key near nothing": (
        "limits:\n  xyz: 1",
        (
            "2: limits.xyz: unknown key; known keys: undeclared_systems, models_per_system, stored_systems, "
            "stored_models"
        ),
    ),
    "an unknown key of a source": (
        f"sources:\n- {{{FILES},\n   authorative: true}}",
        '3: sources[0].authorative: unknown key; did you mean "authoritative"?',
    ),
    "an unknown key of a field map": (
        (
            "sources:\n- {name: a, type: files, path: x, system: s, format: {type: csv, "
            "fields: {time: t,\n modle: m}}}"
        ),
        '3: sources[0].format.fields.modle: unknown key; did you mean "model"?',
    ),
    "an unknown key of a declared system": (
        "systems:\n  support-bot:\n    strategy: hybrid",
        '3: systems.support-bot.strategy: unknown key; did you mean "declared_strategy"?',
    ),
    "an unknown key that is called like the type": (
        f"sources:\n- {{{FILES},\n   files: x}}",
        (
            "3: sources[0].files: unknown key; known keys: interval, path_pattern, prompt, operations, "
            "authoritative, dedupe_window, quiet_after, future_tolerance, timezone, follow_rotated"
        ),
    ),
    "a key given twice": ("log: {}\nlimits: {}\nlog: {}", "3: log: the key is already on line 1"),
    "a number where a text belongs": (
        "web:\n  listen: 9847",
        "2: web.listen: must be a text; put it in quotes (got 9847)",
    ),
    "a day where a text belongs": (
        "web: {listen: 2026-10-01}",
        "1: web.listen: must be a text; put it in quotes (got 2026-10-01)",
    ),
    "neither a text nor a list": (
        f"sources:\n- {{{FILES.replace('path: x', 'path: 5')}}}",
        "2: sources[0].path: must be a text or a list (got 5)",
    ),
    "a list with something else inside": (
        f"sources:\n- {{{FILES.replace('path: x', 'path: [x, 5]')}}}",
        "2: sources[0].path[1]: must be a text; put it in quotes (got 5)",
    ),
    "a text where a list belongs": (
        "systems: {s: {locked_in_behavior: tone}}",
        '1: systems.s.locked_in_behavior: must be a list (got "tone")',
    ),
    "a list where a mapping belongs": (
        "store: [1]",
        "1: store: must be a mapping (key: value) (got a list)",
    ),
    "a section without a value": (
        "sources:\n",
        "1: sources: must be a list (got nothing)",
    ),
    "an unknown strategy": (
        "systems:\n  s: {declared_strategy: fine-tuning}",
        (
            "2: systems.s.declared_strategy: must be one of prompt_engineering, hybrid, fine_tuning "
            '(got "fine-tuning")'
        ),
    ),
    "a day that does not exist": (
        "systems:\n  s:\n    reviewed: 2026-02-30",
        '3: systems.s.reviewed: is not a day of the calendar (got "2026-02-30")',
    ),
    "no day at all": (
        "systems: {s: {reviewed: soon}}",
        '1: systems.s.reviewed: must be a day, such as 2026-10-01 (got "soon")',
    ),
    "a day with a time": (
        "systems: {s: {reviewed: 2026-10-01 10:00:00}}",
        ("1: systems.s.reviewed: must be a day without a time, such as 2026-10-01 (got 2026-10-01T10:00:00)"),
    ),
    "a blank reason": (
        "systems: {s: {locked_in_behavior: [' ']}}",
        '1: systems.s.locked_in_behavior[0]: must not be blank (got " ")',
    ),
    "a system name with a control character": (
        'systems: {"a\\tb": {}}',
        ('1: systems["a\\tb"]: the name must be 1 to 200 printable characters, not all of them blank'),
    ),
    "a system name with a dot": (
        "systems:\n  a.b: {reviewed: x}",
        '2: systems["a.b"].reviewed: must be a day, such as 2026-10-01 (got "x")',
    ),
    "a duration without a unit": (
        "evaluation: {interval: 300}",
        ('1: evaluation.interval: a duration needs a unit, such as "30s", "5m", "1h30m" or "7d" (got 300)'),
    ),
    "a duration that is too short": (
        "evaluation: {interval: 5ms}",
        '1: evaluation.interval: must be at least 100ms (got "5ms")',
    ),
    "a duration beyond what can be counted": (
        f"sources:\n- {{{FILES},\n   quiet_after: 99999999999999999d}}",
        '3: sources[0].quiet_after: is too long a duration (got "99999999999999999d")',
    ),
    "a source that never pauses": (
        f"sources:\n- {{{FILES},\n   interval: 0s}}",
        "3: sources[0].interval: must be at least 100ms",
    ),
    "a boolean where a number belongs": (
        "framework: {dwell_days: true}",
        "1: framework.dwell_days: must be a number (got true)",
    ),
    "half a day": (
        "framework: {dwell_days: 1.5}",
        "1: framework.dwell_days: must be a whole number (got 1.5)",
    ),
    "a number out of bounds": (
        "framework: {minimum_days: 29}",
        "1: framework.minimum_days: must be at most 28 (got 29)",
    ),
    "a threshold of infinity": (
        "framework: {fine_tuning_above: .inf}",
        "1: framework.fine_tuning_above: must be a finite number (got inf)",
    ),
    "a threshold of not a number": (
        "framework: {hybrid_from: .nan}",
        "1: framework.hybrid_from: must be a finite number (got nan)",
    ),
    "thresholds in the wrong order": (
        "framework:\n  hybrid_from: 10\n  fine_tuning_above: 9",
        "3: framework.fine_tuning_above: must not be below framework.hybrid_from (got 9)",
    ),
    "a threshold above the other one's default": (
        "log: {}\nframework:\n  hybrid_from: 2_000_000_000",
        "2: framework.fine_tuning_above: must not be below framework.hybrid_from (got 1000000000)",
    ),
    "more history required than is looked at": (
        "framework: {frequency_weeks: 3}",
        "1: framework.minimum_history_weeks: must not be above framework.frequency_weeks (got 4)",
    ),
    "an unknown log level": (
        "log: {level: verbose}",
        '1: log.level: must be one of debug, info, warning, error (got "verbose")',
    ),
    "a long value": (
        f"log: {{format: {'x' * 80}}}",
        f'1: log.format: must be one of logfmt, json (got "{"x" * 60}...")',
    ),
    "a web address without a scheme": (
        "web: {external_url: example.com}",
        (
            "1: web.external_url: must be a URL that starts with http:// or https://, without a "
            'user name (got "example.com")'
        ),
    ),
    "a Grafana with a password": (
        "web: {grafana_url: 'https://u:p@g.example'}",
        (
            "1: web.grafana_url: must be a URL that starts with http:// or https://, without a "
            "user name (got (hidden))"
        ),
    ),
    "a runbook address that a browser would run": (
        "web: {runbook_url: 'javascript:alert(1)'}",
        (
            "1: web.runbook_url: must be a URL that starts with http:// or https://, without a "
            'user name (got "javascript:alert(1)")'
        ),
    ),
    "a probe listener at the main address": (
        'web: {listen: ":1", probe_listen: ":1"}',
        '1: web.probe_listen: must differ from web.listen (got ":1")',
    ),
    "a section under both of its names": (
        "web: {}\nserver: {}",
        "2: server: is the older name of web, and both are here; keep web",
    ),
    "an IPv6 address without brackets": (
        'web: {listen: "::1:9847"}',
        ('1: web.listen: must have an IPv6 address in brackets, such as "[::1]:9847" (got "::1:9847")'),
    ),
    "a store of another kind": (
        'store: {url: "mysql://db/x"}',
        ("1: store.url: must be an SQLite (sqlite:///) or PostgreSQL (postgresql://) URL (got (hidden))"),
    ),
    "a password for SQLite": (
        "store:\n  password_file: p",
        '2: store.password_file: is only for PostgreSQL; SQLite has no password (got "p")',
    ),
    "an environment variable that is not set": (
        'log:\n  level: "${LOG_LEVEL}"',
        "2: log.level: the environment variable LOG_LEVEL is not set",
    ),
    "a reference that is none": (
        'log:\n  level: "${1}"',
        "2: log.level: holds ${ without a variable name and }; write $${ for a literal ${",
    ),
    "a tag that makes objects": (
        "log: {level: !!python/name:os.system }",
        "1: log.level: has a YAML tag that a configuration cannot use",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_a_problem_names_its_line_its_path_its_reason_and_its_value(
    problems: Problems, text: str, expected: str
) -> None:
    reported = problems(text)

    assert reported == (expected,)


SYNTAX = {
    "an empty file": ("", "1: is empty"),
    "only a comment": ("# nothing\n", "1: is empty"),
    "a list": ("- a\n", "1: must be a mapping of sections (sources:, systems:, ...)"),
    "a text": ("hello", "1: must be a mapping of sections (sources:, systems:, ...)"),
    "a tab": ("log:\n\tlevel: info", "2: a tab cannot indent or separate; use spaces"),
    "an unquoted reference": (
        "log: {level: ${LEVEL}}",
        (
            "1: is not YAML: expected ',' or '}', but got '{' while parsing a flow mapping; "
            "quote a text that holds ${NAME}, {, [, : or #"
        ),
    ),
    "an unquoted at sign": ("log: {level: @x}", "1: quote a text that starts with @"),
    "a second document": (
        "log: {}\n---\nlog: {}",
        "2: a second YAML document (---) starts; there can be one",
    ),
    "an alias without an anchor": (
        "log:\n  level: *x",
        "2: an alias (*name) has no anchor (&name) before it; quote a text that starts with *",
    ),
    "a list as a key": ("? [a]\n: b", "1: a key must be a text"),
    "a bottomless file": ("log: " + "[" * 5000, "1: is nested more than 40 levels deep"),
    "a control character": ("log: {}\n\nx: \x01", "3: has a character that YAML does not allow"),
    "another encoding": (b"log: {}\nx: \xff", "2: is not UTF-8 text"),
    "aliases that multiply": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(
            f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n"
            for a, b in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f")]
        ),
        "4: aliases repeat more than 10000 values",
    ),
}


@pytest.mark.parametrize(("text", "expected"), SYNTAX.values(), ids=SYNTAX.keys())
def test_what_is_no_configuration_at_all_is_told_with_its_line(
    problems: Problems, text: str | bytes, expected: str
) -> None:
    assert problems(text) == (expected,)


def test_everything_is_reported_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    text = """\
store: {url: "${DB}"}
wbe: {}
web: {listen: nowhere}
framework: {minimum_days: 0, dwell_days: -1}
sources:
  - {name: a, type: files, path: x, system: s, format: {type: csv, fields: {time: t}}}
  - {name: a, type: files, path: y, system: s, format: {type: csv, fields: {time: t}}}
  - {name: b, type: git, repo: r}
  - {name: c, type: files, path: x, system: s, format: {type: cvs}}
systems:
  s: {reviewed: 2026-13-01}
  s: {}
  t: {locked_in: [x]}
"""
    assert problems(text) == (
        "1: store.url: the environment variable DB is not set",
        '2: wbe: unknown key; did you mean "web"?',
        ('3: web.listen: must be host:port, such as ":9847", "127.0.0.1:9847" or "[::1]:9847" (got "nowhere")'),
        "4: framework.dwell_days: must be at least 0 (got -1)",
        "4: framework.minimum_days: must be at least 1 (got 0)",
        '7: sources[1].name: must be unique; sources[0] has the same name (got "a")',
        (
            "7: sources[1].system: sources[0] counts the same system; mark exactly one with "
            'authoritative: true (got "s")'
        ),
        "8: sources[2].systems: is missing",
        f'9: sources[3].format.type: must be one of {FORMATS} (got "cvs")',
        '11: systems.s.reviewed: is not a day of the calendar (got "2026-13-01")',
        "12: systems.s: the key is already on line 11",
        '13: systems.t.locked_in: unknown key; did you mean "locked_in_behavior"?',
    )


def test_a_bad_path_is_reported_although_a_key_beside_it_is_unknown(problems: Problems) -> None:
    found = problems(
        "sources:\n- {name: a, type: files, path: x, system: s, format: {type: jsonl,\n"
        "   fields: {time: a..b,\n   modle: m, status: x.}}}"
    )

    assert any("3: sources[0].format.fields.time: " in problem for problem in found)
    assert any("4: sources[0].format.fields.modle: unknown key" in problem for problem in found)
    assert any("4: sources[0].format.fields.status: " in problem for problem in found)


@pytest.mark.parametrize("mark", ["?t=", "#"])
def test_what_stands_in_a_url_behind_its_path_is_not_shown(problems: Problems, mark: str) -> None:
    repo = f"http://h/r.git{mark}hunter2"

    (problem,) = problems(f'sources: [{{name: g, type: git, repo: "{repo}", systems: {{a: [b]}}}}]')

    assert "repo" in problem
    assert "hunter2" not in problem


def test_an_at_of_a_password_has_to_be_written_so_that_no_part_passes_for_the_host(problems: Problems) -> None:
    (problem,) = problems("store: {url: 'postgresql://u:a@hunter2@h/d'}")

    assert "must have an @ of its password written as %40" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "text",
    ['store: {url: "sqlite:///a\\0b"}', 'cache_dir: "a\\0b"', 'sources: [{name: a, type: files, path: "a\\0b"}]'],
)
def test_a_nul_is_refused_wherever_it_stands(problems: Problems, text: str) -> None:
    assert any("NUL" in problem for problem in problems(text))


@pytest.mark.parametrize(
    "text",
    ["store: {url: 'postgresql://h/d', password_file: pipe}", "web: {config_file: pipe}"],
)
def test_a_pipe_where_a_file_is_named_is_refused_and_not_waited_for(
    problems: Problems, tmp_path: Path, text: str
) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert any("is no regular file" in problem for problem in problems(text))


def test_sources_and_declared_systems_are_bounded(problems: Problems) -> None:
    sources = "".join(
        f"- {{name: s{number}, type: git, repo: r{number}, systems: {{a: [b]}}}}\n" for number in range(1_001)
    )
    systems = "".join(f"  s{number}: {{}}\n" for number in range(10_001))

    found = problems(f"sources:\n{sources}systems:\n{systems}")

    assert found == (
        "1: sources: must have at most 1_000 entries",
        "1003: systems: must have at most 10_000 values (got a mapping)",
    )
