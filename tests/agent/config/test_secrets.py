"""References to the environment, secret files, and that neither is ever shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.config import Loaded
from leverwatch.agent.config.problem import HIDDEN
from leverwatch.agent.config.secrets import SecretUnreadable, expand, read_secret, scrub
from leverwatch.agent.errors import ConfigError

Load = Callable[..., Loaded]
Problems = Callable[..., tuple[str, ...]]

CANARY = "c4n4ry-h0rse"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "one"),
        ("x-${A}-${B}-y", "x-one-two-y"),
        ("$${A}", "${A}"),
        ("$$", "$"),
        ("$$$$", "$$"),
        ("$${A}${A}", "${A}one"),
        ("^end$", "^end$"),
        ("$A", "$A"),
        ("${C}", "${A}"),
        ("${EMPTY}", ""),
    ],
)
def test_references_are_replaced_once(text: str, expected: str) -> None:
    environ = {"A": "one", "B": "two", "C": "${A}", "EMPTY": ""}

    expanded = expand({"k": [text]}, environ)

    assert expanded.data == {"k": [expected]}
    assert expanded.problems == ()


def test_keys_and_other_values_are_left_alone() -> None:
    data = {"${A}": 1, "b": True, "c": None}

    assert expand(data, {"A": "x"}).data == data


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A B}", "${A:-x}", "${A"])
def test_what_looks_like_a_reference_and_is_none_is_refused(text: str) -> None:
    (problem,) = expand({"k": text}, {"A": "x"}).problems

    assert problem.steps == ("k",)
    assert "$${" in problem.reason


def test_every_missing_variable_is_named(problems: Problems) -> None:
    assert problems('log: {level: "${ONE}", format: "${TWO}${THREE}"}') == (
        "1: log.level: the environment variable ONE is not set",
        "1: log.format: the environment variable TWO is not set",
        "1: log.format: the environment variable THREE is not set",
    )


def test_a_variable_may_hold_a_number_or_a_duration(load: Load) -> None:
    loaded = load(
        'framework: {dwell_days: "${DAYS}"}\nevaluation: {interval: "${PAUSE}"}', {"DAYS": "3", "PAUSE": "2m"}
    )

    assert loaded.config.framework.dwell_days == 3
    assert loaded.config.evaluation.interval.total_seconds() == 120


@given(st.text())
def test_a_text_with_its_dollars_doubled_comes_out_as_it_was(text: str) -> None:
    assert expand(text.replace("$", "$$"), {}).data == text


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"pw", "pw"), (b"pw\n", "pw"), (b"pw\r\n", "pw"), (b"pw\n\n", "pw\n"), (b" pw ", " pw "), (b"pw\r", "pw\r")],
)
def test_a_secret_file_loses_its_last_newline_only(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "s").write_bytes(content)

    assert read_secret(tmp_path / "s") == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not UTF-8 text"), (b"x" * 70_000, "too large")],
)
def test_an_unusable_secret_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "s").write_bytes(content)

    with pytest.raises(SecretUnreadable, match=reason):
        read_secret(tmp_path / "s")


def test_a_missing_secret_file_is_reported_with_its_path(problems: Problems) -> None:
    assert problems('store:\n  url: "postgresql://db/x"\n  password_file: nowhere') == (
        '3: store.password_file: cannot be read: No such file or directory (got "nowhere")',
    )


def test_a_missing_secret_file_is_reported_beside_other_problems(problems: Problems) -> None:
    reported = problems('log: {level: x}\nstore: {url: "postgresql://db/x", password_file: nowhere}')

    assert [line.split(": ")[1] for line in reported] == ["log.level", "store.password_file"]


def test_the_password_of_a_file_is_in_the_url_of_the_store(load: Load, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("p@ss/word\n")

    loaded = load('store: {url: "postgresql://u@db/x", password_file: pw}')

    assert loaded.store_url.password == "p@ss/word"
    assert loaded.shown_store_url == f"postgresql+psycopg://u:{HIDDEN}@db/x"


def test_one_password_is_enough(problems: Problems) -> None:
    (line,) = problems(f'store: {{url: "postgresql://u:{CANARY}@db/x", password_file: pw}}')

    assert line == '1: store.password_file: is one password too many: store.url has one (got "pw")'


LEAKS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "a store of another kind": ('store: {url: "${X}"}', {"X": f"mysql://u:{CANARY}@db/x"}),
    "a broken port": (f'store: {{url: "postgresql://u:{CANARY}@db:port/x"}}', {}),
    "a misspelt scheme": (f'store: {{url: "postgresql//u:{CANARY}@db/x"}}', {}),
    "a password in the wrong place": (f'web: {{external_url: "https://u:{CANARY}@x"}}', {}),
    "a token in the wrong place": (f'web: {{external_url: "ftp://x/?access_token={CANARY}"}}', {}),
    "a wrong choice": ('log: {level: "${X}"}', {"X": CANARY}),
    "part of a value": ('web: {listen: "host-${X}"}', {"X": CANARY}),
    "a misplaced key": (f"store: {{password: {CANARY}}}", {}),
    "a misplaced section": (f"password: {CANARY}", {}),
    "a template": (
        'sources: [{name: a, type: files, path: x, system: "{${X}", format: {type: csv, fields: {time: t}}}]',
        {"X": CANARY},
    ),
    "a repository": ('sources: [{name: a, type: git, repo: "-${X}", systems: {s: [x]}}]', {"X": CANARY}),
    "a source type": ('sources: [{name: a, type: "${X}"}]', {"X": CANARY}),
    "a name used twice": (
        (
            'sources: [{name: "${X}", type: git, repo: r, systems: {s: [x]}},'
            ' {name: "${X}", type: git, repo: r, systems: {s: [x]}}]'
        ),
        {"X": CANARY},
    ),
    "a system counted twice": (
        (
            'sources: [{name: a, type: files, path: x, system: "${X}", format: {type: csv, fields: {time: t}}},'
            ' {name: b, type: files, path: x, system: "${X}", format: {type: csv, fields: {time: t}}}]'
        ),
        {"X": CANARY},
    ),
    "an entry of a list": ('systems: {s: {locked_in_behavior: "${X}"}}', {"X": CANARY}),
    "a broken line": (f"store: {{url: postgresql://u:{CANARY}@db/x: y}}", {}),
    "an anchor that is no anchor": (f"store: {{url: *{CANARY}}}", {}),
    "an unusable tag": (f"store: {{url: !!int '{CANARY}@:'}}", {}),
    "a secret file": ('store: {url: "postgresql://db/x", password_file: "${X}"}', {"X": CANARY}),
    "an unusable secret file": ('log: 5\nstore: {url: "postgresql://db/x", password_file: secret}', {}),
}


@pytest.mark.parametrize(("text", "environ"), LEAKS.values(), ids=LEAKS.keys())
def test_no_problem_shows_a_secret(load: Load, tmp_path: Path, text: str, environ: Mapping[str, str]) -> None:
    (tmp_path / "secret").write_text(CANARY)

    with pytest.raises(ConfigError) as caught:
        load(text, environ)

    shown = "\n".join((*caught.value.problems, repr(caught.value), *traceback.format_exception(caught.value)))
    assert CANARY not in shown


def test_nothing_that_was_loaded_shows_a_secret(
    load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "pw").write_text(CANARY)
    text = """\
store: {url: "postgresql://u@db/x?passfile=${TOKEN}", password_file: pw}
sources:
  - {name: prompts, type: git, repo: "https://x:${TOKEN}@git.example.com/p.git", systems: {s: [x]}}
  - {name: log, type: files, path: "/logs/${TOKEN}/*", system: "{app}", format: {type: csv, fields: {time: t}}}
"""
    loaded = load(text, {"TOKEN": CANARY})

    shown = (repr(loaded), str(loaded), repr(loaded.config), str(loaded.config), repr(loaded.config.sources[0]),
             repr(loaded.config.store), loaded.shown_store_url, loaded.config.store.shown_url(), caplog.text,
             *loaded.warnings)  # fmt: skip
    assert loaded.store_url.password == CANARY
    assert [text for text in shown if CANARY in text] == []


def test_a_long_value_from_the_environment_is_not_shown_in_part(problems: Problems) -> None:
    (line,) = problems('log: {level: "a-${X}"}', {"X": "x" * 100})

    assert line.endswith("(got (hidden))")


def test_scrubbing_takes_the_longest_secret_first() -> None:
    assert scrub("bad value 'abcdef'", ("abc", "abcdef"), HIDDEN) == f"bad value '{HIDDEN}'"


def test_scrubbing_finds_other_spellings() -> None:
    assert "s3cret" not in scrub("cannot use S3CRET or 's3cret\\n'", ("s3cret", "s3cret\n"), HIDDEN).lower()
