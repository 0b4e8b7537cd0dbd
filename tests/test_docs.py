"""The documentation speaks only of what exists, and of everything that does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml
from pydantic import TypeAdapter

from leverwatch.agent.cli.main import main
from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.collectors.interface import ChangeKind, Result
from leverwatch.collectors.records.format_config import FieldMap
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.system_config import System, doubts_of
from leverwatch.collectors.sources.files.config import FilesConfig
from leverwatch.collectors.sources.git.config import GitConfig

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
ALERTS = {
    rule["alert"]
    for group in yaml.safe_load((ROOT / "helm/leverwatch/rules/leverwatch.rules.yaml").read_text())["groups"]
    for rule in group["rules"]
}
METRICS = {family.name for family in SYSTEMS} | {family.name for family in AGENT}
PAGE = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
SHARED = {"name", "type", "interval"}


def anchors(page: Path) -> set[str]:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def all_names(parameter: click.Parameter) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts]


@PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@PAGE
def test_every_metric_named_exists(page: Path) -> None:
    names = set(re.findall(r"\bleverwatch_[a-z0-9_]+[a-z0-9]", page.read_text()))
    assert names <= METRICS


@PAGE
def test_every_alert_named_exists(page: Path) -> None:
    assert set(re.findall(r"\bLeverwatch[A-Z][A-Za-z]+", page.read_text())) <= ALERTS


@PAGE
def test_every_command_and_option_named_exists(page: Path) -> None:
    shown = re.findall(r"(?:^    |`|bin/)leverwatch ([a-z][a-z-]*)([^`\n#]*)", page.read_text(), re.MULTILINE)
    for name, rest in shown:
        assert name in main.commands, name
        options = {option for parameter in main.commands[name].params for option in all_names(parameter)}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) <= options | {"--help"}, name


@PAGE
def test_every_file_of_the_source_tree_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:agent|collectors|docs|grafana|helm|tests)/[\w./*-]+)`", page.read_text())
    for path in named:
        placeholder = re.search(r"NAME|ALERT", path)
        assert placeholder or list(ROOT.glob(path.rstrip("/"))), path


def linked(page: Path) -> set[Path]:
    targets = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text())
    return {(page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target)}


@pytest.mark.parametrize("start", ["README.md", "docs/index.md"])
def test_every_page_can_be_reached(start: str) -> None:
    reached, waiting = set[Path](), [ROOT / start]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += linked(page)

    assert {page for page in PAGES if page != ROOT / "README.md"} - reached == set()


def test_every_page_but_runbooks_is_in_the_index() -> None:
    unlisted = set((ROOT / "docs").rglob("*.md")) - linked(ROOT / "docs/index.md") - {ROOT / "docs/index.md"}

    assert {page for page in unlisted if page.parent.name != "runbooks"} == set()


def test_the_page_of_files_names_every_field_setting_and_result() -> None:
    page = (ROOT / "docs/sources/files.md").read_text()
    wanted = {*FieldMap.model_fields, *(FilesConfig.model_fields.keys() - SHARED), *map(str, Result)}

    assert {name for name in wanted if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("name", NAMED)
def test_every_named_format_has_its_page(name: str) -> None:
    page = (ROOT / f"docs/sources/{name}.md").read_text()

    assert f"format: {name}" in page
    assert "| Record |" in page


def test_the_page_of_git_names_every_setting_and_kind() -> None:
    page = (ROOT / "docs/sources/git.md").read_text()
    wanted = {*(GitConfig.model_fields.keys() - SHARED), *map(str, ChangeKind)}

    assert {name for name in wanted if f"`{name}`" not in page} == set()


def test_every_command_has_help_that_teaches() -> None:
    for name, command in main.commands.items():
        assert isinstance(command, click.Command)
        assert command.help is not None, name
        assert "Example" in command.help, name
        assert "Exit codes" in (command.epilog or ""), name
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), (
                name,
                parameter.name,
            )


def test_the_rules_on_the_page_of_systems_are_rules() -> None:
    page = (ROOT / "docs/sources/systems.md").read_text()
    blocks = re.findall(r"^    system:.*\n(?:      .*\n)*", page, re.MULTILINE)
    cells = re.findall(r"`(\{is: .*\})`", page)
    read = TypeAdapter(System).validate_python

    names = [read(yaml.safe_load(block)["system"]) for block in blocks]

    assert len(names) == 3
    assert len([read([yaml.safe_load(cell)]) for cell in cells]) == 6
    assert not list(doubts_of(names[-1]))
