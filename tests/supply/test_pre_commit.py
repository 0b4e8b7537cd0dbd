"""The hooks before a commit run what is installed already, and fetch nothing."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pre_commit.clientlib import load_config

from supply.requirements import FOLDER

ROOT = FOLDER.parents[1]
REPOS: list[dict[str, Any]] = load_config(str(ROOT / ".pre-commit-config.yaml"))["repos"]
HOOKS: list[dict[str, Any]] = [hook for repo in REPOS for hook in repo["hooks"]]
EVERY = pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert [repo["repo"] for repo in REPOS] == ["local"]
    # Newer releases call it by another name, and still take this one.
    assert {hook["language"] for hook in HOOKS} <= {"system", "unsupported"}
    assert [hook["id"] for hook in HOOKS if hook.get("additional_dependencies")] == []


@EVERY
def test_a_hook_runs_a_program_of_the_virtual_environment_on_files_that_exist(hook: dict[str, Any]) -> None:
    program, *arguments = shlex.split(hook["entry"])

    assert Path(program).parts[:2] == (".venv", "bin")
    here = Path(sys.executable).with_name(Path(program).name)
    subprocess.run([here, "--version"], check=True, capture_output=True, timeout=60)
    assert [file for file in arguments if file.startswith("tests/") and not (ROOT / file).is_file()] == []


@EVERY
def test_a_hook_either_gets_the_names_of_files_or_needs_none(hook: dict[str, Any]) -> None:
    tests = [word for word in hook["entry"].split() if word.startswith("tests/")]

    assert hook["pass_filenames"] is ("ruff" in hook["entry"])
    assert bool(tests) is hook["entry"].startswith(".venv/bin/pytest")
