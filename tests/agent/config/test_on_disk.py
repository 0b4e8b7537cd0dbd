"""What is said before anything is read: paths, folders and repositories that are not there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leverwatch.agent.config import load_config
from leverwatch.collectors.sources.sql.config import ENGINES, SqlConfig
from leverwatch.collectors.sources.sql.engines.registry import engine_of

Warnings = Callable[[str], tuple[str, ...]]


@pytest.fixture
def warnings(tmp_path: Path) -> Warnings:
    """The warnings of a file in a folder with a log, a repository and nothing else, without their common start."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/app.jsonl").write_text("")
    (tmp_path / "prompts/.git").mkdir(parents=True)

    def _warnings(text: str) -> tuple[str, ...]:
        path = tmp_path / "leverwatch.yaml"
        path.write_text(text)
        found = load_config(path, {}, on_disk=True).warnings
        assert load_config(path, {}).warnings == (), "only who asks is told of the disk"
        return tuple(line.removeprefix(f"{path}:").replace(str(tmp_path), "HERE") for line in found)

    return _warnings


def files(*paths: str) -> str:
    listed = paths[0] if len(paths) == 1 else f"[{', '.join(paths)}]"
    form = "{type: jsonl, fields: {time: t}}"
    return f"sources:\n  - {{name: a, type: files, path: {listed!s}, system: s, format: {form}}}\n"


def test_what_is_there_has_no_warning(warnings: Warnings) -> None:
    assert warnings(files("logs/*.jsonl", "logs/*.jsonl.gz")) == ()
    assert (
        warnings("sources:\n  - {name: p, type: git, repo: prompts, systems: {s: [x]}}\nsystems: {s: {}}\n") == ()
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("logs/*.log", "matches no file"),
        ("logs/web.jsonl", "matches no file"),
        ("log/*.jsonl", "matches no file: there is no folder HERE/log"),
        ("logs/old/app/*.jsonl", "matches no file: there is no folder HERE/logs/old"),
        ("/no-such-folder/x/*.jsonl", "matches no file: there is no folder /no-such-folder"),
        ("'*/deep/*.jsonl'", "matches no file"),
        ("logs", "is a folder; name the files in it, such as folder/*.jsonl"),
        ("logs/", "is a folder; name the files in it, such as folder/*.jsonl"),
    ],
)
def test_a_path_without_a_file_is_told_with_the_folder_that_is_missing(
    warnings: Warnings, path: str, reason: str
) -> None:
    assert warnings(files(path)) == (f"2: sources[0].path: {reason}",)


def test_of_several_globs_those_without_a_file_are_told_by_their_place(warnings: Warnings) -> None:
    assert warnings(files("logs/*.jsonl", "nor/*.jsonl")) == (
        "2: sources[0].path[1]: matches no file: there is no folder HERE/nor",
    )


def test_results_of_evaluations_are_looked_for_as_well(warnings: Warnings) -> None:
    assert warnings("sources:\n  - {name: e, type: evals, path: evals/*.json}\n") == (
        "2: sources[0].path: matches no file: there is no folder HERE/evals",
    )


@pytest.mark.parametrize(
    ("repo", "reasons"),
    [
        ("elsewhere", ("there is no folder HERE/elsewhere",)),
        ("logs", ("HERE/logs is no git repository; folders above it are not searched",)),
        ("https://git.example.com/prompts.git", ()),
    ],
)
def test_a_repository_that_is_not_there_is_told_unless_it_is_remote(
    warnings: Warnings, repo: str, reasons: tuple[str, ...]
) -> None:
    found = warnings(
        f"sources:\n  - {{name: p, type: git, repo: '{repo}', systems: {{s: [x]}}}}\nsystems: {{s: {{}}}}\n"
    )

    assert found == tuple(f"2: sources[0].repo: {reason}" for reason in reasons)


def test_a_store_in_a_folder_that_is_not_there_is_told(warnings: Warnings) -> None:
    assert warnings(files("logs/*.jsonl") + "store: {url: 'sqlite:///data/store.db'}\n") == (
        "3: store.url: there is no folder HERE/data, and it is not made",
    )


CLOUD = "sources:\n  - {name: a, type: cloudwatch, regions: [us-east-1], system: s}\n"
AZURE = (
    "sources:\n  - {name: a, type: azure-monitor, system: s,\n     resources: [/subscriptions/"
    "00000000-0000-0000-0000-000000000001/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/x]MORE}\n"
)
BUCKET = (
    "sources:\n  - {name: a, type: bucket, url: 's3://logs', path: 'in/{date:%Y/%m/%d}/*', format: openai,"
    " system: s}\n"
)
SQL = "sources:\n  - {name: a, type: sql, url: 'DRIVER://h/d', preset: litellm-daily, system: s}\n"


@pytest.mark.parametrize(
    ("text", "module", "extra"),
    [
        (BUCKET, "obstore", "bucket"),
        (CLOUD, "botocore", "cloudwatch"),
        (AZURE.replace("MORE", ""), "azure.identity", "azure-monitor"),
        (AZURE.replace("MORE", ", token: t"), "azure.identity", None),
        (SQL.replace("DRIVER", "postgresql"), "psycopg", "postgres"),
        (SQL.replace("DRIVER", "postgresql+pg8000"), "psycopg", None),
    ],
)
def test_a_library_that_is_not_installed_is_told_with_what_brings_it(
    warnings: Warnings, monkeypatch: pytest.MonkeyPatch, text: str, module: str, extra: str | None
) -> None:
    text += "systems: {s: {}}\n"
    assert warnings(text) == ()

    monkeypatch.setitem(sys.modules, module, None)

    told = () if extra is None else (f"2: sources[0].type: needs a library that is not installed here: {extra}",)
    assert tuple(it.replace("install leverwatch[", "").rstrip("]") for it in warnings(text)) == told


def test_each_database_that_needs_a_driver_names_the_extra_that_brings_it() -> None:
    for name in ENGINES:
        given = {"table": "t", "time_is": "text", "fields": {"time": "t"}, "system": "s"}
        config = SqlConfig.model_validate({"name": "a", "url": f"{name}://h/d", **given})
        needed = config.needs()
        assert ("" if needed is None else needed[1]) == engine_of(name).extra
