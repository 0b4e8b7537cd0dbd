"""Only the core is installed: no extra, no tool of the tests. The agent runs and counts all the same."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackagePath, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.scratch import ROOT, shipped
from tests.deploy.shipped import plain

pytestmark = [pytest.mark.e2e, pytest.mark.shipped]

RECORD = '{"ts": "2026-11-20T10:00:00Z", "id": "r1", "model": "m", "app": "bot"}\n'
CONFIG = """
store: {url: "sqlite:///store.db"}
sources:
  - name: log
    type: files
    path: app.jsonl
    format: {type: jsonl, fields: {time: ts, model: model, request_id: id}}
    system: "{app}"
"""


def core() -> set[str]:
    """What pip installs for `leverwatch` alone, on this machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting, found = [Requirement(text) for text in project["dependencies"]], set[str]()
    while waiting:
        wanted = waiting.pop()
        name = str(canonicalize_name(wanted.name))
        extras = {"", *wanted.extras}
        requires = [Requirement(text) for text in distribution(name).requires or ()]
        new = [
            each
            for each in requires
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
        ]
        if name not in found:
            found.add(name)
            waiting += new
    return found


def tops(name: str) -> Iterator[tuple[str, Path]]:
    """The files and folders of a distribution that lie in site-packages itself."""
    its = distribution(name)
    for first in {Path(str(file)).parts[0] for file in its.files or () if not str(file).startswith("..")}:
        yield first, Path(str(its.locate_file(PackagePath(first))))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with links to the core's packages, and with the tree as it is."""
    folder = tmp_path_factory.mktemp("minimal") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in core():
        for first, place in tops(name):
            if not (packages / first).exists():
                (packages / first).symlink_to(place)
    (packages / "leverwatch.pth").write_text(f"{ROOT}\n")
    return folder / "bin/python"


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "leverwatch", *arguments], capture_output=True, text=True, check=False, timeout=120, env={}
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "leverwatch.yaml").write_text(CONFIG)
    (tmp_path / "app.jsonl").write_text(RECORD)
    return tmp_path / "leverwatch.yaml"


def test_nothing_but_the_core_is_there(python: Path) -> None:
    """What the tests below rely on."""
    names = ("psycopg", "genai_prices", "tree_sitter", "re2", "pytest")
    absent = f"import importlib.util as u; print([n for n in {names} if u.find_spec(n)])"

    done = subprocess.run([python, "-c", absent], capture_output=True, text=True, check=True, timeout=60, env={})

    assert done.stdout == "[]\n"


def test_records_are_counted(python: Path, config: Path) -> None:
    done = run(python, "collect", "--config", str(config), "--format", "json")

    assert done.returncode == 0, done.stderr
    assert [(each["source"], each["records"]) for each in json.loads(done.stdout)] == [("log", 1)]


def test_the_agent_starts_and_stops(python: Path, tmp_path: Path) -> None:
    spec = plain(tmp_path, "{}\n")
    outcome = shipped(
        replace(
            spec,
            command=[str(python), "-m", "leverwatch", "run"],
            binds={**spec.binds, str(python.parents[1]): str(python.parents[1])},
        )
    )

    assert {status for status, _ in outcome.answers.values()} == {200}, outcome.log
    assert outcome.code == 0, outcome.log


def test_a_store_on_postgresql_says_what_is_missing(python: Path, config: Path) -> None:
    config.write_text(CONFIG.replace("sqlite:///store.db", "postgresql://db.example.com/leverwatch"))

    done = run(python, "collect", "--config", str(config))

    assert done.returncode != 0
    assert done.stderr == "leverwatch: store.url: the PostgreSQL driver is missing; install leverwatch[postgres]\n"


def test_a_selector_that_needs_a_parser_says_what_is_missing_and_others_work(python: Path, config: Path) -> None:
    entry = '{files: "*.py", select: {names: [PROMPT]}}'
    source = "  - {name: prompts, type: git, repo: ., systems: {bot: [PLACE]}}\n"
    config.write_text(CONFIG + source.replace("PLACE", entry))

    done = run(python, "check-config", "--config", str(config))

    assert done.returncode != 0
    said = "select.names: the parser of python is missing: pip install 'leverwatch[prompts]'"
    assert f"sources[1].systems.bot[0]: {said}" in done.stdout + done.stderr
    config.write_text(CONFIG + source.replace("PLACE", '{files: "*.yaml", select: {keys: [prompts.*.system]}}'))
    assert run(python, "check-config", "--config", str(config)).returncode == 0
