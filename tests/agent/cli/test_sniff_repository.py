"""`leverwatch sniff REPO`: what it proposes is a source that the configuration takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from leverwatch.collectors.selection.languages import GRAMMARS
from tests.collectors.sources.git.repo import Files, Repo, git

CANARY = "heron"
SYSTEM = f"You are a helpful {CANARY}. Answer the questions of the user, and never guess. Today is {{date}}."
REVIEW = f"Given the diff, act as a {CANARY}: you must return only valid JSON, and always cite the line."

MARKDOWN: list[Files] = [
    {"prompts/support/system.md": SYSTEM, "prompts/sales/system.md": SYSTEM, "README.md": f"# What {SYSTEM}"},
    {"prompts/support/system.md": f"{SYSTEM} Be brief.", "src/main.py": "print('hello world')\n" * 9},
]
PYTHON: list[Files] = [
    {
        "services/triage/agent.py": f'SYSTEM_PROMPT = """{SYSTEM}"""\n\n\ndef run() -> None:\n    pass\n',
        "services/triage/log.py": "MESSAGE = 'the job of the worker has ended, and what it did is in the log'\n",
        "services/review/agent.py": f"agent = Agent(instructions=(\n  '{REVIEW[:50]}'\n  '{REVIEW[50:]}'))\n",
        "tests/test_agent.py": f"SYSTEM_PROMPT = '{SYSTEM}'\n",
    },
    *({"services/triage/agent.py": f'import os\n\nX = {n}\nSYSTEM_PROMPT = """{SYSTEM}"""\n'} for n in range(5)),
]
DOCUMENTS: list[Files] = [
    {
        "config/agents.yaml": yaml.safe_dump(
            {
                "agents": {name: {"model": "m", "prompt": f"{SYSTEM} {name}"} for name in ("a", "b", "c")},
                "port": 80,
            }
        ),
        "config/chat.json": json.dumps({"messages": [{"role": "system", "content": SYSTEM}]}),
        "deploy/values.yaml": "replicas: 3\nimage: what you are about to run is the image of the system\n",
    },
    {"deploy/values.yaml": "replicas: 4\nimage: what you are about to run is the image of the system\n"},
]
TYPESCRIPT: list[Files] = [
    {
        "packages/search/src/prompts.ts": f"export const rankPrompt = `{SYSTEM}`;\nexport const limit = 3;\n",
        "packages/writer/src/bot.ts": f"export const bot = new Agent({{ instructions: `{REVIEW}` }});\n",
        "packages/writer/node_modules/x/index.js": f"module.exports = {{ prompt: '{SYSTEM}' }};\n",
    },
    {"packages/search/src/prompts.ts": f"export const limit = 4;\nexport const rankPrompt = `{SYSTEM}`;\n"},
]
ODD: list[Files] = [
    {
        "bot/chat.prompty": f"---\nname: chat\nmodel: m\n---\nsystem:\n{SYSTEM}\n",
        "bot/reply.j2": f"{{% if x %}}{SYSTEM}{{% endif %}}".replace(" the ", "\r\nthe "),
        "bot/alt.txt": SYSTEM.encode("utf-16"),
        "bot/old.md": "Du bist ein h\xf6flicher Assistent, you are one.".encode("cp1252"),
        "bot/prompt.py": "SYSTEM_PROMPT = 'you are the helper of those who ask\n",
        "bot/[a]*/prompts/x.md": SYSTEM,
        "bot/prompts/line\nbreak.md": SYSTEM,
    }
]
HABITS = {"markdown": MARKDOWN, "python": PYTHON, "documents": DOCUMENTS, "typescript": TYPESCRIPT, "odd": ODD}
FOUND = {
    "markdown": {"sales": ["prompts/sales/system.md"], "support": ["prompts/support/system.md"]},
    "python": {"review": ["services/review/agent.py"], "triage": ["services/triage/agent.py"]},
    "documents": {"documents": ["config/agents.yaml", "config/chat.json"]},
    "typescript": {"search": ["packages/search/src/prompts.ts"], "writer": ["packages/writer/src/bot.ts"]},
    "odd": {"a": ["bot/[a]*/prompts/x.md"], "odd": ["bot/chat.prompty", "bot/reply.j2"]},
}


def make(path: Path, landings: list[Files]) -> Repo:
    """A repository with a landing a day up to yesterday."""
    repo = Repo(path)
    repo.clock = datetime.now(UTC) - timedelta(days=len(landings))
    for files in landings:
        repo.commit(files)
    return repo


def sniff(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["sniff", *arguments])
    assert CANARY not in result.output
    return result


def proposed(path: Path | str) -> Any:
    result = sniff(str(path), "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("habit", HABITS)
def test_prompts_are_found_where_a_team_keeps_them(habit: str, tmp_path: Path) -> None:
    found = proposed(make(tmp_path / habit, HABITS[habit]).path)

    assert {name: sorted(system["files"]) for name, system in found["systems"].items()} == FOUND[habit]


@pytest.mark.parametrize("habit", HABITS)
def test_the_printed_source_is_one_that_check_config_and_collect_take(habit: str, tmp_path: Path) -> None:
    repo = make(tmp_path / habit, HABITS[habit])
    text = sniff(str(repo.path)).stdout
    block = text.partition("Source, for `sources`; check the names of the systems:\n")[2]
    config = tmp_path / "leverwatch.yaml"
    config.write_text(f"store: {{url: 'sqlite:///{tmp_path}/store.db'}}\nsources:\n{block}")

    checked = CliRunner().invoke(main, ["check-config", "--config", str(config)])
    collected = CliRunner().invoke(main, ["collect", "--config", str(config), "--format", "json"])

    assert checked.exit_code == 0, checked.output
    assert collected.exit_code == 0, collected.output
    assert '"invalid_line"' not in collected.stdout


TEXT = """\
REPO: git, 4 files, 3 looked into

SYSTEM  FILES  LANDINGS IN 13 WEEKS  WITHOUT SELECTORS  NEWEST CHANGE
review      1                     1                  1     2000-01-01
triage      1                     1                  6     2000-01-01

LEFT OUT              FILES
tests and fixtures        1
no prompt seen, *.py      1

Source, for `sources`; check the names of the systems:
  - name: prompts
    type: git
    repo: REPO
    systems:
      review:
      - files: services/review/agent.py
        select:
          names:
          - instructions
      triage:
      - files: services/triage/agent.py
        select:
          names:
          - SYSTEM_PROMPT
"""


def test_the_text_has_the_evidence_and_the_source(tmp_path: Path) -> None:
    repo = make(tmp_path / "r", PYTHON)
    first = repo.git("log", "--reverse", "--format=%cs")[:10]

    text = sniff(str(repo.path)).stdout

    assert text.replace(str(repo.path), "REPO").replace(first, "2000-01-01") == TEXT


def test_landings_are_counted_with_and_without_selectors(tmp_path: Path) -> None:
    (triage,) = [proposed(make(tmp_path / "r", PYTHON).path)["systems"]["triage"]]

    assert (triage["landings"], triage["landings_without_selectors"]) == (1, 6)
    assert triage["entries"] == [{"files": "services/triage/agent.py", "select": {"names": ["SYSTEM_PROMPT"]}}]


def test_keys_that_differ_in_one_part_only_are_one_with_a_wildcard(tmp_path: Path) -> None:
    entries = proposed(make(tmp_path / "r", DOCUMENTS).path)["systems"]["r"]["entries"]

    assert [entry["select"] for entry in entries] == [
        {"keys": ["agents.*.prompt"]},
        {"keys": ["messages[*].content"]},
    ]


def test_what_was_left_out_is_told_with_the_reason(tmp_path: Path) -> None:
    repo = make(tmp_path / "r", [*PYTHON, *TYPESCRIPT, *ODD])
    (repo.path / "link.md").symlink_to("README.md")
    repo.commit({"prompts/large.md": SYSTEM * 4000})

    left = proposed(repo.path)["left_out"]

    assert left["tests and fixtures"] == 1
    assert left["of others, or generated (node_modules, vendor, dist)"] == 1
    assert left["symbolic links and submodules"] == 1
    assert left["larger than 256 KiB"] == 1
    assert left["unreadable (not python)"] == 1
    assert left["with a name that no pattern can have"] == 1
    assert left["unreadable (no text in UTF-8)"] == 2


def test_a_bare_repository_and_a_file_address_are_looked_into(tmp_path: Path) -> None:
    repo = make(tmp_path / "with blank", MARKDOWN)
    git(tmp_path, "clone", "--quiet", "--bare", str(repo.path), "bare.git")

    assert set(proposed(tmp_path / "bare.git")["systems"]) == {"sales", "support"}
    address = (tmp_path / "with blank").as_uri()
    found = proposed(address)
    assert set(found["systems"]) == {"sales", "support"}
    assert found["source"]["repo"] == address


def test_without_the_parsers_it_says_what_it_could_not_look_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make(tmp_path / "r", [*MARKDOWN, *PYTHON])
    for language, grammar in list(GRAMMARS.items()):
        monkeypatch.setitem(GRAMMARS, language, grammar._replace(name="no_such_grammar"))

    text = sniff(str(repo.path)).stdout

    assert "pip install 'leverwatch[prompts]'" in text
    assert "code: its parsers are missing" in text
    assert "services/" not in text


@pytest.mark.parametrize(
    ("files", "said"),
    [({"README.md": "nothing"}, "no prompt was recognised"), (None, "not a git repository")],
)
def test_a_folder_without_prompts_is_refused(files: Files | None, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    if files is None:
        folder.mkdir()
    else:
        make(folder, [files])

    result = sniff(str(folder))

    assert result.exit_code == 1
    assert said in result.output


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    result = sniff(str(Repo(tmp_path / "r").path))

    assert result.exit_code == 1
    assert "no commit" in result.output


def test_a_missing_repository_is_refused(tmp_path: Path) -> None:
    result = sniff((tmp_path / "none").as_uri())

    assert result.exit_code == 1
    assert "no such folder" in result.output


def test_a_remote_repository_is_refused_without_its_token() -> None:
    result = sniff("https://someone:secret@git.example.com/prompts.git")

    assert result.exit_code == 1
    assert "clone it" in result.output
    assert "secret" not in result.output
