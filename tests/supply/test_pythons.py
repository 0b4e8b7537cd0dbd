"""On which Pythons the tests run: those that work here, and those that pyproject.toml names."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from supply import pythons
from supply.requirements import FOLDER

PROJECT = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]
HERE = sys.version_info[:3]


def program(folder: Path, name: str, prints: str, code: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / name
    made.write_text(f"#!/bin/sh\necho '{prints}'\nexit {code}\n")
    made.chmod(0o755)
    return made


def test_the_newest_release_of_each_version_that_works_is_found(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    program(first, "python3.12", "pyenv: python3.12: command not found", 127)
    program(first, "python3.13", "3.13.0.final")
    program(first, "python3.14", "3.14.0.candidate")
    program(first, "python3.9", "3.9.18.final")
    program(first, "python3.13t", "3.13.5.final")
    program(first, "python3.11-config", "3.11.9.final")
    wanted = {
        (3, 12, 1): program(second, "python3.12", "3.12.1.final"),
        (3, 13, 2): program(second, "python3.13", "3.13.2.final"),
        (3, 101, 0): program(second, "python3.101", "3.101.0.final"),
    }

    found = pythons.pythons([tmp_path / "missing", first, second])

    assert found == wanted
    assert [*found] == [*wanted], "oldest first"


def test_a_program_that_is_no_python_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "python3.12").write_text("not to be executed")

    assert pythons.release(tmp_path / "python3.12") is None
    assert pythons.release(program(tmp_path, "python3.13", "hello")) is None
    assert pythons.release(Path(sys.executable)) == HERE


def test_programs_are_looked_for_in_path_and_where_pyenv_keeps_them(tmp_path: Path) -> None:
    kept = tmp_path / ".pyenv/versions/3.13.0/bin"
    kept.mkdir(parents=True)

    assert pythons.folders({"PATH": "/usr/bin::/bin"}, tmp_path) == [Path("/usr/bin"), Path("/bin"), kept]
    assert pythons.folders({"PYENV_ROOT": str(tmp_path / "other")}, tmp_path) == []


def test_the_newest_is_one_that_is_newer_than_the_python_that_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "python3.11", "3.11.99.final")
    assert (pythons.main(["--newest"]), capsys.readouterr().out) == (0, "")

    program(tmp_path, "python3.98", "3.98.0.final")
    newest = program(tmp_path, "python3.99", "3.99.0.final")

    assert (pythons.main(["--newest"]), capsys.readouterr().out) == (0, f"{newest}\n")
    assert (pythons.main([]), capsys.readouterr().out.count("\n")) == (0, 3)
    assert pythons.main(["newest"]) == 2


def test_the_package_names_the_versions_that_it_is_tested_on() -> None:
    named = [
        text.removeprefix("Programming Language :: Python :: ")
        for text in PROJECT["classifiers"]
        if text.startswith("Programming Language :: Python :: 3.")
    ]

    assert named[0] == ".".join(map(str, pythons.LOWEST))
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">={named[0]}")
    assert [f"3.{minor}" for minor in range(11, 11 + len(named))] == named, "none is left out"
    assert ".".join(map(str, HERE[:2])) in named


def test_coverage_is_measured_of_folders_and_not_of_links_to_them() -> None:
    root = FOLDER.parents[1]
    sources = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["coverage"]["run"]["source"]

    # Files are known by their real place: of a link, only what is no link itself would be in the figure.
    assert sources == ["agent", "collectors"]
    assert [name for name in sources if (root / name).is_symlink() or not (root / name).is_dir()] == []
