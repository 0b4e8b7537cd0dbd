"""`docs/contributing.md` names the files that a change touches: each exists, and the tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leverwatch.collectors.registry import source_types

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/contributing.md").read_text()
EXAMPLES = {
    "Add a log format": ("NAME", "ollama"),
    "Add a type of source": ("NAME", "models"),
    "Add a metric, and show it": ("NAME", ""),
    "Add a counted field": ("NAME", ""),
    "Change a rule of the framework": ("NAME", ""),
    "Add or change an alert": ("ALERT", "LeverwatchUsageStale"),
}
"""A section, the placeholder in its paths, and something that was added by it."""
SECTION = pytest.mark.parametrize("title", EXAMPLES)


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def files(title: str) -> list[str]:
    """The files of the table of a section, with an example in place of the placeholder."""
    rows = re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE)
    placeholder, example = EXAMPLES[title]
    return [name.replace(placeholder, example) for row in rows for name in re.findall(r"`([^`]+)`", row)]


@SECTION
def test_every_file_of_a_table_exists(title: str) -> None:
    named = files(title)

    assert len(named) > 4
    assert [name for name in named if not (ROOT / name).exists()] == []


@SECTION
def test_the_tests_to_run_exist(title: str) -> None:
    (command,) = re.findall(r"^    \.venv/bin/pytest -q (.*)$", section(title), re.MULTILINE)

    assert [path for path in command.split() if not (ROOT / path).exists()] == []


def test_every_table_of_metrics_and_of_panels_is_named() -> None:
    named = set(files("Add a metric, and show it"))
    tables = {str(path.relative_to(ROOT)) for path in (ROOT / "agent/exporter").glob("*_families.py")}
    panels = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "grafana").glob("*.py")
        if re.search(r"^[A-Z_]+ = (?:Row|Dashboard)\(", path.read_text(), re.MULTILINE)
    }

    assert len(panels) > 4
    assert (tables | panels) - named == set()


def test_every_rule_of_the_framework_is_decided_in_a_file_of_the_table() -> None:
    deciding = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "agent/framework").glob("*.py")
        if re.search(r"\bRule\.[A-Z]", path.read_text())
    }

    assert deciding - set(files("Change a rule of the framework")) == set()


@pytest.mark.parametrize("name", source_types())
def test_every_type_of_source_has_its_page(name: str) -> None:
    page = (ROOT / f"docs/sources/{name}.md").read_text()

    assert f"type: {name}" in page
    assert f"(sources/{name}.md)" in (ROOT / "docs/index.md").read_text()
