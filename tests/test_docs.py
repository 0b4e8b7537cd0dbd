"""The documentation speaks only of what exists, and of everything that does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml

from agent.cli.main import main
from agent.exporter.families import AGENT, SYSTEMS
from collectors.files.config import FilesConfig
from collectors.files.format_config import FieldMap
from collectors.files.formats.named import NAMED
from collectors.git.config import GitConfig
from collectors.interface import ChangeKind, Result

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
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
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


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        if page.name != "index.md" and page.parent.name != "runbooks":
            assert f"({page.relative_to(ROOT / 'docs')})" in index, page.name


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
