"""No text of a prompt or a response gets out of the records and repositories it stands in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.collectors.records.formats.examples import EXAMPLES
from tests.e2e.agents import leverwatch

FORMATS = ("anthropic", "litellm", "openai", "otlp")
"""Some of the named formats; `tests/e2e/test_canary.py` has all of them."""
CANARY = "canary-0f83"
TEXTS = {"content", "text", "arguments", "input", "output", "messages", "prompt", "response", "choices"}
"""Keys under which producers keep texts."""


def marked(value: Any) -> Any:
    """The same record, with the mark in every text and in a field that nobody reads."""
    if isinstance(value, dict):
        kept = {
            key: CANARY if key in TEXTS and isinstance(item, str) else marked(item) for key, item in value.items()
        }
        return {**kept, "unread": CANARY}
    return [marked(item) for item in value] if isinstance(value, list) else value


def write_log(path: Path, records: list[Any]) -> None:
    """Whole records, one that is broken behind the mark, and one that ends in the middle of it."""
    whole = [json.dumps(marked(record)) for record in records]
    broken = json.dumps({"content": CANARY, "usage": "x"})
    path.write_text("\n".join([*whole, broken[:-1], *whole, f'{{"content": "{CANARY}']))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Logs of some named formats and one with a field map, and a repository of prompts, each with the mark."""
    for name in FORMATS:
        made = [record for n, make in enumerate(EXAMPLES[name]) for record in make(f"id-{n}")]
        write_log(tmp_path / f"{name}.log", made)
    write_log(tmp_path / "own.log", [{"ts": "2026-03-01T00:00:00Z"}, {"ts": CANARY}, {"ts": 1, "n": CANARY}])
    write_log(
        tmp_path / "unnamed.log", [{"ts": "2026-03-01T00:00:00Z", "model": "m", "content": "x", "status": "x"}]
    )
    prompts = tmp_path / "prompts"
    subprocess.run(["git", "init", "-q", prompts], check=True)
    (prompts / "system.md").write_text(CANARY)
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "-C", prompts, "add", "."], check=True)
    subprocess.run(["git", "-C", prompts, *identity, "commit", "-q", "-m", CANARY], check=True)
    own = {"type": "jsonl", "fields": {"time": "ts", "inferences": "n"}}
    logs: list[dict[str, Any]] = [
        {"name": name, "type": "files", "path": f"{name}.log", "format": format_, "system": f"bot-{name}"}
        for name, format_ in [*((name, name) for name in FORMATS), ("own", own)]
    ]
    repository = {"name": "prompts", "type": "git", "repo": "prompts", "systems": {"bot-own": ["*.md"]}}
    config = {
        "store": {"url": "sqlite:///store/leverwatch.db"},
        "sources": [*logs, repository],
        "log": {"level": "debug"},
    }
    (tmp_path / "store").mkdir()
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def test_marked_texts_are_in_no_output_and_in_no_file_of_the_store(folder: Path) -> None:
    config = folder / "leverwatch.yaml"
    collected = leverwatch("collect", "--format", "json", config=config)
    shown = collected.stdout + collected.stderr
    for command in ("evaluate", "explain bot-own", "explain bot-openai", "metrics", "check-config"):
        done = leverwatch(*command.split(), config=config)
        assert done.returncode == 0, done.stderr
        shown += done.stdout + done.stderr
    for name in [*FORMATS, "unnamed"]:
        done = leverwatch("sniff", str(folder / f"{name}.log"))
        assert done.returncode == 0, done.stderr
        shown += done.stdout + done.stderr

    stored = {path.name: path.read_bytes() for path in (folder / "store").iterdir()}
    assert CANARY not in shown
    assert all(CANARY.encode() not in content for content in stored.values())
    # The records were read: what is looked for was there to be found.
    assert all(f'system="bot-{name}"' in shown for name in [*FORMATS, "own"])
    assert "invalid_line" in shown
