from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from leverwatch.agent.cli.progress import ProgressBar
from leverwatch.agent.log import configure
from leverwatch.collectors.interface import Batch, Progress
from tests.collectors.sources.git.repo import Repo

CONFIG: dict[str, Any] = {
    "store": {"url": "sqlite:///store.db"},
    "sources": [
        {
            "name": "gateway",
            "type": "files",
            "path": "*.jsonl",
            "format": {"type": "jsonl", "fields": {"time": "ts", "inferences": "n", "request_id": "id"}},
            "system": "{app}",
        }
    ],
    "systems": {"bot": {"declared_strategy": "prompt_engineering"}},
}


@pytest.fixture
def company(store_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty days of one system at 150M a month, a broken line and a repeated one, in the working directory, and a
    migrated store."""
    assert store_file.parent == tmp_path
    lines = []
    for age in range(1, 41):
        moment = datetime.now(UTC) - timedelta(days=age)
        lines.append(json.dumps({"ts": moment.isoformat(), "app": "bot", "n": 5_000_000, "id": f"d{age}"}))
    lines += ["{broken", lines[-1], json.dumps({"ts": moment.isoformat()})]
    (tmp_path / "usage.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.usefixtures("company")
class TestCollect:
    def test_it_prints_what_it_read(self, company: Path) -> None:
        done = call("collect")

        assert done.exit_code == 0, done.stderr
        header, row, unnamed = done.stdout.splitlines()
        assert unnamed == "gateway: unattributed: app: (none): 1 record"
        assert header.split() == ["SOURCE", "RECORDS", "DUPLICATES", "UNATTRIBUTED", "SECONDS", "MALFORMED"]
        assert row.split()[:4] == ["gateway", "40", "1", "1"]
        assert row.endswith("1 invalid_line")
        assert f"place={company}/usage.jsonl:41 reason=invalid_line" in done.stderr

    def test_json_stands_alone_on_standard_output(self) -> None:
        (report,) = json.loads(call("collect", "--format", "json").stdout)

        assert report.pop("seconds") >= 0
        assert {each["reason"]: each["place"].rpartition("/")[2] for each in report.pop("samples")} == {
            "invalid_line": "usage.jsonl:41",
            "unattributed": "usage.jsonl:43",
        }
        assert report == {
            "source": "gateway",
            "success": True,
            "error": None,
            "records": 40,
            "malformed": {"invalid_line": 1},
            "duplicates": 1,
            "unattributed": 1,
            "ignored": 0,
            "not_calls": 0,
            "filtered": 0,
            "parts": 0,
            "unattributed_values": [{"values": "app: (none)", "calls": 1}],
            "unattributed_rest": 0,
        }

    def test_a_source_that_fails_is_named_and_the_exit_code_says_so(self, company: Path) -> None:
        broken = {"name": "prompts", "type": "git", "repo": "nowhere", "systems": {"bot": ["*"]}}
        config = {**CONFIG, "sources": [*CONFIG["sources"], broken]}
        (company / "leverwatch.yaml").write_text(yaml.safe_dump(config))

        done = call("collect")

        assert done.exit_code == 1
        assert "gateway" in done.stdout
        assert "prompts: failed (" in done.stderr

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (
                {"path": "*.log"},
                "nothing was found to count, now or before: do its paths or patterns match anything?",
            ),
            (
                {"format": {"type": "jsonl", "fields": {"time": "when", "inferences": "n"}}},
                "nothing that was ever read of it could be counted: 42 missing_field, 1 invalid_line",
            ),
            (
                {"system": "{application}"},
                (
                    "nothing that was ever read of it could be counted: 42 unattributed, 1 invalid_line"
                    " (unattributed: they lack what `system: {application}` names)"
                ),
            ),
            (
                {"format": {**CONFIG["sources"][0]["format"], "wrap": "cri"}},
                "nothing that was ever read of it could be counted: 43 invalid_line",
            ),
            (
                {"format": {**CONFIG["sources"][0]["format"], "only": {"event": "call"}}},
                (
                    "only and not of its format left out 42 of 43 records that were ever read of it, and of the"
                    " others nothing could be counted: 1 invalid_line"
                ),
            ),
        ],
        ids=["no file", "time field", "system template", "wrapper", "filter"],
    )
    def test_a_source_of_which_nothing_counts_is_named_and_the_exit_code_says_so(
        self, company: Path, change: dict[str, object], said: str
    ) -> None:
        config = {**CONFIG, "sources": [{**CONFIG["sources"][0], **change}]}
        (company / "leverwatch.yaml").write_text(yaml.safe_dump(config))

        done = call("collect")
        again = json.loads(call("collect", "--format", "json").stdout)

        assert done.exit_code == 1
        assert f"gateway: {said}" in done.stderr.splitlines()
        assert again[0]["success"] is True
        assert again[0]["nothing_counted"] in said

    def test_a_run_without_anything_new_is_fine_and_one_of_which_all_is_refused_is_not(
        self, company: Path
    ) -> None:
        assert [call("collect").exit_code for _ in range(2)] == [0, 0]
        with (company / "usage.jsonl").open("a") as file:
            file.write('{"at": 1}\n\n')

        done = call("collect")

        assert done.exit_code == 1
        assert "gateway: nothing that this run read could be counted: 1 missing_field" in done.stderr
        assert call("collect").exit_code == 0

    def test_a_run_of_which_most_is_refused_says_why_and_where_and_ends_with_1(self, company: Path) -> None:
        with (company / "usage.jsonl").open("a") as file:
            file.write('{"at": 1, "app": "canary-5"}\n{"ts": "canary-6", "app": "bot"}\n' * 22)

        done = call("collect")

        assert done.exit_code == 1
        said = [
            line.replace(f"{company}/", "") for line in done.stderr.splitlines() if line.startswith("gateway: ")
        ]
        assert said == [
            (
                "gateway: most of what this run read was refused or names no system, 46 of 87 records:"
                " 22 bad_time, 22 missing_field, 1 invalid_line, 1 unattributed"
                " (unattributed: they lack what `system: {app}` names)"
            ),
            "gateway: such as usage.jsonl:49: bad_time: not a time that an inference can have",
            "gateway: such as usage.jsonl:41: invalid_line: not one JSON object",
            "gateway: such as usage.jsonl:48: missing_field: no time",
            "gateway: such as usage.jsonl:43: unattributed: names no system",
        ]
        assert "canary" not in done.stderr + done.stdout

    def test_a_glob_without_a_file_is_named_whatever_was_counted_before_and_by_others(self, company: Path) -> None:
        (company / "usage.jsonl.1").write_text("")
        paths = ["*.jsonl", "*.jsonl.gz", "usage.jsonl.*", "elsewhere/*.jsonl", "late.log"]
        config = {**CONFIG, "sources": [{**CONFIG["sources"][0], "path": paths}]}
        (company / "leverwatch.yaml").write_text(yaml.safe_dump(config))

        done = call("collect")
        again = json.loads(call("collect", "--format", "json").stdout)

        assert done.exit_code == 1
        assert "gateway: nothing matches elsewhere/*.jsonl, late.log" in done.stderr.splitlines()
        assert again[0]["matches_nothing"] == "nothing matches elsewhere/*.jsonl, late.log"
        assert again[0]["success"] is True

    def test_a_repository_in_which_the_patterns_of_a_system_match_nothing_is_named(self, company: Path) -> None:
        def git(*arguments: str) -> None:
            subprocess.run(["git", "-C", str(company / "prompts"), *arguments], check=True, capture_output=True)

        (company / "prompts").mkdir()
        git("init", "--initial-branch=main")
        (company / "prompts" / "bot.md").write_text("Be brief.")
        git("add", ".")
        git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-m", "prompt")
        prompts = {
            "name": "prompts",
            "type": "git",
            "repo": "prompts",
            "systems": {"bot": ["bot.md"], "aid": ["x/*"]},
        }
        (company / "leverwatch.yaml").write_text(
            yaml.safe_dump({**CONFIG, "sources": [*CONFIG["sources"], prompts]})
        )

        done = call("collect")

        assert done.exit_code == 1
        assert "prompts: no landing touched a prompt of aid: do its patterns match?" in done.stderr.splitlines()
        prompts["systems"] = {"aid": ["x/*"]}
        (company / "leverwatch.yaml").write_text(yaml.safe_dump({**CONFIG, "sources": [prompts]}))
        (company / "store.db").unlink()
        assert "prompts: nothing was found to count, now or before" in call("collect").stderr

    def test_an_unknown_source_is_refused_with_those_there_are(self) -> None:
        done = call("collect", "--source", "nope")

        assert done.exit_code == 2
        assert "no source named nope; there are: gateway" in done.stderr

    def test_a_backlog_shows_a_bar_on_a_terminal(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        with ProgressBar("gateway") as progress:
            progress("gateway", Batch(state={}, progress=Progress(50, 100)))

        assert "gateway:  50%" in capsys.readouterr().err

    def test_a_backlog_logs_lines_elsewhere(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure()
        clock = iter([0.0, 1.0, 6.0, 6.0, 7.0])
        progress = ProgressBar("gateway", lambda: next(clock))
        for done in (1, 2, 3):
            progress("gateway", Batch(state={}, progress=Progress(done, 100)))

        lines = [line for line in capsys.readouterr().err.splitlines() if "event=collecting" in line]
        assert len(lines) == 1
        assert "source=gateway done=2 total=100 unit=B" in lines[0]


@pytest.mark.usefixtures("company")
class TestVerdicts:
    def test_evaluate_prints_a_line_for_each_system(self) -> None:
        call("collect")
        done = call("evaluate")

        assert done.exit_code == 0
        assert "bot     prompt engineering  hybrid       decided  differs" in done.stdout
        assert call("evaluate", "--check").exit_code == 1

    def test_evaluate_of_a_past_day_writes_nothing(self) -> None:
        call("collect")
        day = str((datetime.now(UTC) - timedelta(days=10)).date())
        (verdict,) = json.loads(call("evaluate", "--as-of", day, "--format", "json").stdout)

        assert (verdict["as_of"], verdict["strategy"]) == (day, "hybrid")

    @pytest.mark.parametrize("command", [("evaluate",), ("explain", "bot")])
    def test_a_day_that_is_not_over_is_refused(self, command: tuple[str, ...]) -> None:
        done = call(*command, "--as-of", str(datetime.now(UTC).date()))

        assert done.exit_code == 1
        assert "this day is not over yet in UTC" in done.stderr

    def test_explain_tells_each_rule_with_its_number(self) -> None:
        call("collect")
        told = call("explain", "bot", "--all").stdout

        assert told.startswith("bot: hybrid (decided)\n")
        for rule in ("volume_low", "volume_mid", "volume_high", "frequent_changes", "locked_in_behavior"):
            assert rule in told
        assert "152.2M inferences a month (28 of 28 days)" in told
        assert json.loads(call("explain", "bot", "--format", "json").stdout)["facts"]["usage"]["sources"] == [
            "gateway"
        ]

    def test_explain_tells_what_share_of_the_landings_on_code_touched_no_prompt(self, company: Path) -> None:
        repo = Repo(company / "code")
        for number in range(4):
            repo.commit({"bot.py": f"x = {number}\nP = 'You answer questions of all customers in kind words'\n"})
        source = {"name": "prompts", "type": "git", "repo": "code", "systems": {"bot": ["*.py"]}}
        changed = {**CONFIG, "sources": [*CONFIG["sources"], source]}
        (company / "leverwatch.yaml").write_text(yaml.safe_dump(changed))
        call("collect")

        told = call("explain", "bot", "--all").stdout

        heading, remark = told.splitlines()[-2:]
        assert heading == "Prompts:"
        assert remark.startswith("  - source prompts: source code is read whole: say with `select`")
        assert "3 of the newest 4 landings on it (75%)" in remark

    def test_explain_of_an_unknown_system_names_the_known_ones(self) -> None:
        done = call("explain", "bto")

        assert done.exit_code == 1
        assert "no system named bto is declared or was seen; systems: bot" in done.stderr

    def test_explain_of_a_system_that_only_evaluations_name_says_so(self, company: Path) -> None:
        line = {
            "ts": "2026-02-03T08:00:00Z",
            "model": "ash",
            "suite": "tone",
            "metric": "kind",
            "value": 1,
            "n": 9,
        }
        (company / "graded.json").write_text(json.dumps(line))
        graded = {"name": "graded", "type": "evals", "format": "own", "path": "graded.json", "system": "bto"}
        (company / "leverwatch.yaml").write_text(yaml.safe_dump({**CONFIG, "sources": [graded]}))
        os.utime(company / "graded.json", (1_770_000_000, 1_770_000_000))
        assert call("collect").exit_code == 0

        done = call("explain", "bto")
        assert "was seen (only results of evaluations name bto); systems: bot" in done.stderr

    def test_nothing_to_evaluate_is_said(self, company: Path) -> None:
        (company / "leverwatch.yaml").write_text("{}")

        assert call("evaluate").stdout == "no system is declared, and none was seen in a source\n"


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("command", ["collect", "evaluate", "metrics"])
def test_a_clock_that_was_never_set_is_said_and_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    Path("store.db").unlink()
    monkeypatch.setattr("leverwatch.agent.cli.common.utc_now", lambda: datetime(1970, 1, 1, tzinfo=UTC))

    done = call(command)

    assert done.exit_code == 1
    assert "the clock shows the year 1970; set it first" in done.stderr
    assert not Path("store.db").exists()


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("command", ["collect", "backfill", "evaluate"])
def test_a_clock_that_is_behind_what_the_store_remembers_is_used_only_when_it_is_said_to_be_right(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    assert call("collect").exit_code == 0
    monkeypatch.setattr(
        "leverwatch.agent.cli.common.utc_now", lambda: datetime.now(UTC) - timedelta(days=10, minutes=5)
    )

    refused = call(command)
    trusted = call(command, "--trust-clock")

    assert refused.exit_code == 1
    assert "the clock is 10 days behind what the store remembers" in refused.stderr
    assert trusted.exit_code == 0, trusted.stderr


@pytest.mark.usefixtures("company")
class TestMetrics:
    def test_they_come_from_the_store_and_are_clean(self) -> None:
        call("collect")
        text = call("metrics").stdout
        lint = subprocess.run(
            ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
        )

        assert 'leverwatch_recommended_strategy{strategy="hybrid",system="bot"} 1.0' in text
        assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")
        assert call("metrics", "--format", "openmetrics").stdout.endswith("# EOF\n")

    def test_they_can_be_asked_of_a_running_agent(self, agent_url: str) -> None:
        assert call("metrics", "--url", agent_url + "/").stdout == "leverwatch_up_for_the_test 1\n"

    def test_an_agent_that_does_not_answer_is_named(self) -> None:
        done = call("metrics", "--url", "http://127.0.0.1:1")

        assert done.exit_code == 1
        assert "http://127.0.0.1:1: the agent does not answer" in done.stderr

    def test_a_password_in_the_url_is_not_shown(self, agent_url: str) -> None:
        address = agent_url.removeprefix("http://")
        done = call("metrics", "--url", f"http://prometheus:s3cret@{address}/nowhere")

        assert done.exit_code == 1
        assert f"http://{address}/nowhere: the agent does not answer (404)" in done.stderr
        assert "s3cret" not in done.stderr


@pytest.fixture
def agent_url() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"leverwatch_up_for_the_test 1\n"
            self.send_response(200 if self.path == "/metrics" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.usefixtures("company")
class TestConfig:
    def test_a_good_file_is_ok(self) -> None:
        done = call("check-config")

        assert done.exit_code == 0
        assert done.stdout.startswith("leverwatch.yaml: ok (1 source, 1 system, store sqlite:///")

    def test_every_problem_is_reported_at_once(self, company: Path) -> None:
        (company / "bad.yaml").write_text("stores: {}\nevaluation: {interval: 5}\n")
        done = call("check-config", "bad.yaml")

        assert done.exit_code == 1
        first, second, last = done.stdout.splitlines()
        assert first == 'bad.yaml:1: stores: unknown key; did you mean "store"?'
        assert second.startswith("bad.yaml:2: evaluation.interval: ")
        assert last == "bad.yaml: 2 problems"
        found = json.loads(call("check-config", "bad.yaml", "--format", "json").stdout)
        assert (found["valid"], len(found["problems"])) == (False, 2)

    @pytest.mark.parametrize("command", [("collect",), ("evaluate",), ("explain", "x"), ("metrics",), ("run",)])
    def test_a_missing_file_ends_every_command_with_two(self, command: tuple[str, ...], tmp_path: Path) -> None:
        done = call(*command, "--config", str(tmp_path / "none.yaml"))

        assert done.exit_code == 2
        assert "none.yaml" in done.stderr

    def test_a_store_that_cannot_be_opened_ends_with_three(self, company: Path) -> None:
        (company / "leverwatch.yaml").write_text("store: {url: 'sqlite:///no/such/folder.db'}")

        for command in (("collect",), ("evaluate",), ("explain", "x"), ("metrics",)):
            assert call(*command).exit_code == 3, command

    def test_the_schema_is_json(self) -> None:
        assert json.loads(call("config-schema").stdout)["properties"]["sources"]["type"] == "array"

    def test_the_file_can_be_named_by_the_environment(self, company: Path) -> None:
        (company / "other.yaml").write_text("{}")
        done = CliRunner(env={"LEVERWATCH_CONFIG": "other.yaml"}).invoke(main, ["check-config"])

        assert "other.yaml: ok (0 sources, 0 systems" in done.stdout


READERS = [
    ["explain", "bot"],
    ["metrics"],
    ["replay", "--since", "2020-01-01", "--until", "2020-01-03", "--system", "bot"],
    ["evaluate", "--as-of", "2020-01-01"],
]


@pytest.mark.parametrize("running", [False, True], ids=("closed", "in use"))
def test_commands_that_only_read_need_nothing_but_to_read(company: Path, open_folder: Path, running: bool) -> None:
    assert call("collect").exit_code == 0
    shutil.copytree(company, open_folder, dirs_exist_ok=True)
    # Nothing is read-only for root, so another user asks; what it needs is imported before.
    program = f"""
import os, sqlite3
from pathlib import Path
from click.testing import CliRunner
from leverwatch.agent.cli.main import main
readers = {READERS!r}
for reader in readers:
    CliRunner().invoke(main, reader)
if {running}:
    held = sqlite3.connect("store.db")
    held.execute("SELECT count(*) FROM sources").fetchone()
for file in Path(".").iterdir():
    file.chmod(0o444)
Path(".").chmod(0o555)
if os.getuid() == 0:
    os.setuid(65534)
before = sorted(os.listdir("."))
for reader in readers:
    done = CliRunner().invoke(main, reader)
    print(reader[0], done.exit_code, done.stderr, done.exception or "")
    assert "bot" in done.stdout, done.stdout
assert sorted(os.listdir(".")) == before
"""  # noqa: S608 - a program, and no query
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=open_folder,
        env=environment,
    )
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [[name, "0"] for name, *_ in READERS], done
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "http://u:hunter2@127.0.0.1:9/?a=http://b",
        "HTTP://u:hunter2@127.0.0.1:9#http://x",
        "http://127.0.0.1:9/#hunter2",
        "http://u:p@hunter2@127.0.0.1:9/",
    ],
)
def test_no_form_of_an_address_shows_what_may_be_a_password(url: str) -> None:
    done = call("metrics", "--url", url)

    assert done.exit_code != 0
    assert "hunter2" not in done.stdout + done.stderr
