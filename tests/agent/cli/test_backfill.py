from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from leverwatch.agent.errors import InternalError
from leverwatch.agent.scheduling.backfill import reconcile
from leverwatch.agent.scheduling.runner import RunReport
from leverwatch.collectors.interface import Result as Became
from tests.collectors.sources.git.repo import START, Repo

FIELDS = {"time": "ts", "request_id": "id", "operation": "op", "input_tokens": "in"}
SOURCE = {
    "name": "gateway",
    "type": "files",
    "path": "*.jsonl",
    "format": {"type": "jsonl", "fields": FIELDS},
    "system": "{app}",
}


def record(day: str, **values: object) -> str:
    return json.dumps({"ts": f"{day}T08:00:00Z", "app": "bot", "in": 5, **values}) + "\n"


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source with one record, and an archive of two months with a duplicate, a broken line and an embedding."""
    (tmp_path / "live.jsonl").write_text(record("2026-03-01"))
    (tmp_path / "archive").mkdir()
    lines = [record("2026-01-31", id="x"), record("2026-01-31", id="x"), "{broken\n"]
    lines += [record("2026-02-01", op="embedding"), record("2026-02-02")]
    (tmp_path / "archive" / "old.jsonl").write_text("".join(lines))
    configure(tmp_path, SOURCE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(folder: Path, *sources: object) -> None:
    config = {"store": {"url": "sqlite:///store.db"}, "sources": sources}
    (folder / "leverwatch.yaml").write_text(yaml.safe_dump(config))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["backfill", *arguments])


def reports(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--format", "json").stdout)["sources"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("company")
def test_it_says_what_became_of_every_record_by_system_and_month() -> None:
    done = call("gateway", "--path", "archive/*")

    assert done.exit_code == 0, done.stderr
    summary, _, header, *rows = done.stdout.splitlines()
    assert summary.startswith("gateway: read 6 = 4 counted + 1 duplicates + 1 skipped (1 invalid_line), in ")
    assert header.split("  ")[-1] == "OUTPUT TOKENS"
    assert [row.split() for row in rows] == [
        ["gateway", "bot", "2026-01", "1", "0", "0", "5", "0"],
        ["gateway", "bot", "2026-02", "1", "0", "1", "5", "0"],
        ["gateway", "bot", "2026-03", "1", "0", "0", "5", "0"],
    ]
    assert "read 0 = 0 counted + 0 duplicates + 0 skipped" in call("--path", "archive/*").stdout


@pytest.mark.usefixtures("company")
def test_a_range_counts_its_days_and_a_later_one_the_others() -> None:
    (january,) = json.loads(call("--path", "archive/*", "--until", "2026-01-31", "--format", "json").stdout)[
        "sources"
    ]
    assert (january["read"], january["counted"], january["duplicates"]) == (6, 1, 1)
    assert january["skipped"] == {"invalid_line": 1, "out_of_range": 3}
    (rest,) = reports("--path", "archive/*")
    assert (rest["counted"], rest["duplicates"]) == (3, 0)
    assert [month["month"] for month in rest["months"]] == ["2026-02", "2026-03"]


def test_a_dry_run_counts_and_writes_nothing(company: Path) -> None:
    before = contents(company)
    done = call("--path", "archive/*", "--dry-run")
    assert "read 6 = 4 would count + 1 duplicates" in done.stdout
    assert contents(company) == before

    call("--path", "archive/*", "--since", "2026-03-01")
    before = contents(company)
    assert "= 3 would count + 1 duplicates" in call("--path", "archive/*", "--dry-run").stdout
    assert "read 0 = 0 would count" in call("--dry-run").stdout
    assert contents(company) == before


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "no source named nobody; there are: gateway"),
        (("--path", "nowhere/*"), "--path nowhere/*: matches no file"),
        (("--path", "archive"), "--path archive: matches no file"),
        (
            ("--since", "2026-02-02", "--until", "2026-02-01"),
            "--since 2026-02-02 is later than --until 2026-02-01",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"leverwatch: {message}")


def test_a_path_needs_one_source(company: Path) -> None:
    configure(company, SOURCE, {**SOURCE, "name": "other"})
    assert "--path needs exactly one SOURCE" in call("--path", "archive/*").stderr
    assert call("other", "--path", "archive/*").exit_code == 0


def test_a_git_source_reads_its_whole_history_and_shows_the_days_asked_for(company: Path) -> None:
    repo = Repo(company / "repo")
    repo.commit({"prompts/a.md": "one"})
    repo.commit({"prompts/a.md": "two"})
    systems = {"bot": ["prompts/*.md"]}
    git = {"name": "prompts", "type": "git", "repo": "repo", "branch": "main", "systems": systems}
    configure(company, SOURCE, git)
    first, second = START.date().isoformat(), (START + timedelta(days=1)).date().isoformat()

    (shown,) = reports("prompts", "--since", second, "--dry-run")
    assert shown["prompt_changes"] == [{"system": "bot", "month": "2026-01", "changes": 1}]
    assert not (company / "store.db").exists()
    (shown,) = reports("prompts", "--since", first)
    assert shown["prompt_changes"] == [{"system": "bot", "month": "2026-01", "changes": 2}]
    assert "a source of type git takes no --path" in call("prompts", "--path", "archive/*").stderr


def test_a_failure_is_reported_and_keeps_what_was_read(company: Path) -> None:
    (company / "loop.jsonl").symlink_to("loop.jsonl")
    done = call("--path", "archive/*")
    assert done.exit_code == 1
    assert "4 counted" in done.stdout
    assert "gateway: failed (incomplete)" in done.stderr


def test_records_without_a_result_are_a_fault_that_is_not_hidden() -> None:
    report = RunReport(
        "gateway", success=True, seconds=0, tallies={Became.COUNTED: 2, Became.DUPLICATE: 1}, read=4
    )
    with pytest.raises(InternalError, match="4 records were read, and 3 have a result"):
        reconcile(report)


def collected(ends: int = 0) -> tuple[int, int]:
    """How many records counted in a run, and how many named no system."""
    done = CliRunner().invoke(main, ["collect", "--format", "json"])
    assert done.exit_code == ends, done.output
    (report,) = json.loads(done.stdout)
    return report["records"], report["unattributed"]


def test_after_a_wrong_setting_is_right_collect_counts_once_what_was_refused(company: Path) -> None:
    (company / "live.jsonl").write_text(record("2026-03-01") * 3 + record("2026-03-02", app=None, team="qa"))
    configure(company, {**SOURCE, "system": "{squad}"})
    assert collected(ends=1) == (0, 4)

    configure(company, SOURCE)
    assert collected() == (3, 0)
    assert collected() == (0, 0)
    assert reports("--refused")[0]["read"] == 0
    configure(company, {**SOURCE, "system": "{team}"})
    assert [reports("--refused", *more)[0]["counted"] for more in (["--dry-run"], [], [])] == [1, 1, 0]


@pytest.mark.usefixtures("company")
def test_what_was_refused_has_no_days_to_choose_from() -> None:
    done = call("--refused", "--since", "2026-01-01")

    assert done.exit_code == 2
    assert "takes no --since or --until" in done.stderr
