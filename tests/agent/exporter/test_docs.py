"""`docs/metrics.md` lists exactly the families there are, as they are."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from leverwatch.agent.exporter.families import SECTIONS as OF_SNAPSHOTS
from leverwatch.agent.exporter.family import Family
from leverwatch.agent.exporter.process_families import PROCESS

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
_BLOCK = re.compile(r"(<!-- families: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_PROMQL = re.compile(r"```promql\n(.*?)```", re.DOTALL)
_NAME = re.compile(r"\b(?:leverwatch|process|python)_\w+")
SECTIONS: dict[str, tuple[Family[Any], ...]] = {**OF_SNAPSHOTS, "process": PROCESS}


def _row(family: Family[Any]) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels)
    meaning = family.help.removesuffix(" As of the latest evaluation.")
    return f"| `{family.name}` | {family.type} | {labels} | {family.emitted} | {meaning} |\n"


def _table(section: str) -> str:
    rows = "".join(_row(family) for family in SECTIONS[section])
    return f"\n| Name | Type | Labels | Emitted | Meaning |\n|---|---|---|---|---|\n{rows}\n"


def _names() -> set[str]:
    return {family.name for section in SECTIONS.values() for family in section}


@pytest.fixture
def document() -> str:
    text = DOCUMENT.read_text(encoding="utf-8")
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN") == "1":
        text = _BLOCK.sub(lambda match: f"{match[1]}{_table(match[2])}{match[4]}", text)
        DOCUMENT.write_text(text, encoding="utf-8")
    return text


def test_every_section_is_in_the_document_once(document: str) -> None:
    assert [match[2] for match in _BLOCK.finditer(document)] == list(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_table_says_what_the_code_says(document: str, section: str) -> None:
    tables = {match[2]: match[3] for match in _BLOCK.finditer(document)}

    assert tables[section] == _table(section)


def test_prose_and_queries_name_only_metrics_that_exist(document: str) -> None:
    assert set(_NAME.findall(document)) == _names()


def test_every_example_query_is_valid_promql(document: str, tmp_path: Path) -> None:
    queries = [query for block in _PROMQL.findall(document) for query in block.strip().split("\n\n")]
    rules = [{"record": f"example_{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "examples.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "examples", "rules": rules}]}), encoding="utf-8")

    checked = subprocess.run(["promtool", "check", "rules", path], capture_output=True, check=False, timeout=60)

    assert len(queries) >= len(SECTIONS)
    assert (checked.returncode, checked.stderr) == (0, b"")
