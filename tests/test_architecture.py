"""`docs/architecture.md` names what exists, and the line that it follows gives the figures that it shows."""

from __future__ import annotations

import ast
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from leverwatch.agent.config import load_config
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.records.formats import litellm
from tests import walkthrough
from tests.rooms import table
from tests.rules.rulefile import RULE_FILE, run
from tests.walkthrough import PAGE, Walk, walk

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(<!-- example: (\w+) -->\n```text\n)(.*?)(```\n<!-- end -->)", re.DOTALL)


def page() -> str:
    return PAGE.read_text()


def the_line() -> bytes:
    (line,) = re.findall(r"^```json\n(.*)\n```$", page(), re.MULTILINE)
    return str(line).encode()


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    return walk(tmp_path_factory.mktemp("walk"), the_line())


def names_in(file: Path) -> set[str]:
    """What a module defines at its top level, and its tests wherever they are."""
    tree = ast.parse(file.read_text())
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_example_is_what_the_program_gives(walked: Walk) -> None:
    shown = walkthrough.shown(walked)
    text = page()
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN") == "1":
        text = _BLOCK.sub(lambda match: f"{match[1]}{shown[match[2]]}{match[4]}", text)
        PAGE.write_text(text)

    assert {match[2]: match[3] for match in _BLOCK.finditer(text)} == shown


def test_the_configuration_of_the_page_is_one(tmp_path: Path) -> None:
    (tmp_path / "leverwatch.yaml").write_text(walkthrough.configuration())

    loaded = load_config(tmp_path / "leverwatch.yaml", {})

    assert [(source.name, source.type) for source in loaded.config.sources] == [("gateway", "files")]
    assert loaded.config.systems["helpdesk"].declared_strategy == walkthrough.ALERT_LABELS["declared"]


def test_the_text_of_the_line_is_in_no_step(walked: Walk) -> None:
    text = json.loads(the_line())["messages"]

    assert text not in repr(walked)


def test_the_series_of_the_line_make_the_alert_fire(walked: Walk, tmp_path: Path) -> None:
    # The annotations are tested with the rule; here the labels are what the page shows.
    rules = yaml.safe_load(RULE_FILE.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    test = walkthrough.rule_test(walked, tmp_path / "rules.yaml")
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))

    done = run("promtool", "test", "rules", tmp_path / "test.yaml")

    assert done.returncode == 0, done.stdout + done.stderr
    for name, value in walkthrough.ALERT_LABELS.items():
        assert f'`{name}="{value}"`' in page()


def test_a_chunk_whose_decoding_fails_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    record = json.loads(the_line())
    chunk = b"".join(json.dumps({**record, "request_id": f"r{n}"}).encode() + b"\n" for n in range(3))
    ingest = Ingest(walkthrough.config(), lambda: walkthrough.NOW, compiled=False)
    times: list[object] = []

    def fails(*_: object) -> Any:
        times.append(None)
        if len(times) == 3:
            raise MemoryError

    monkeypatch.setattr(litellm, "elapsed_ms", fails)
    with pytest.raises(MemoryError):
        ingest.add(Lines(chunk, "gateway.jsonl", 1, None))
    counted = ingest.drain()

    assert (counted.usage, counted.tallies, counted.read) == ((), {}, 0)
    monkeypatch.undo()
    ingest.add(Lines(chunk, "gateway.jsonl", 1, None))
    assert ingest.drain().read == 3, "no id was remembered"


def test_every_type_is_where_the_page_says() -> None:
    named = re.findall(r"`(\w+)`\s\(`([\w/]+\.py)`\)", page())

    assert len(named) > 20
    assert [(name, file) for name, file in named if name not in names_in(ROOT / file)] == []


def test_every_invariant_has_a_test_that_exists() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ") and "::" in line]
    tests = [re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row) for row in rows]

    assert all(tests)
    assert page().count("::") == sum(map(len, tests))
    assert [(file, name) for found in tests for file, name in found if name not in names_in(ROOT / file)] == []


def test_every_step_names_a_module_and_what_holds_there() -> None:
    for step in re.split(r"^## (?=\d)", page(), flags=re.MULTILINE)[1:]:
        title, body = step.split("\n", 1)
        assert re.search(r"`(?:agent|collectors|helm)/[\w/.]+`", body), title
        assert "| Holds here | Test |" in body.split("\n## ")[0], title


def test_the_table_of_rooms_has_them_all_in_the_order_of_imports() -> None:
    shared = {"agent/*.py": None, "collectors/*.py": "collectors/interface.py"}
    rooms = [shared.get(room, re.sub(r"/(\*.*)?$", "", room)) for room in reversed(table.ROOMS)]
    there = [re.sub(r"^(agent/web)/.*", r"\1", room) for room in rooms if room and (ROOT / room).exists()]

    shown = re.findall(r"^\| `((?:agent|collectors)/[\w.]+)` \|", page(), re.MULTILINE)
    assert shown == list(dict.fromkeys(there))
