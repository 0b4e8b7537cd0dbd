"""The package as it is handed out: a source archive, a wheel built from it, and that wheel without a compiler."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from supply.pythons import folders, pythons
from tests.deploy.scratch import ROOT
from tests.deploy.test_minimal import CONFIG, RECORD, core, tops

pytestmark = [pytest.mark.e2e, pytest.mark.shipped]

_PARTS = ("agent", "collectors", "leverwatch", "LICENSE", "THIRD_PARTY_NOTICES", "README.md", "pyproject.toml")
_LICENCES = ("LICENSE", "THIRD_PARTY_NOTICES")
_SAYS = "leverwatch 0.1.0, with its compiled helper\n"


def interpreters() -> list[Path]:
    """The running Python, and every newer one of this machine."""
    found = pythons(folders(os.environ, Path.home()))
    return [Path(sys.executable), *(it for its, it in found.items() if its[:2] > sys.version_info[:2])]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, made in a copy, as making it leaves files behind."""
    folder = tmp_path_factory.mktemp("sdist")
    for part in _PARTS:
        place, copy = ROOT / part, folder / "tree" / part
        copy.parent.mkdir(exist_ok=True)
        if place.is_dir():
            shutil.copytree(place, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copy(place, copy)
    code = f"import setuptools.build_meta as backend; backend.build_sdist({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=folder / "tree", check=True, capture_output=True, timeout=120)
    (archive,) = folder.glob("leverwatch-*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """The wheel that pip builds from the source archive."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", sdist.parent, sdist], check=True, capture_output=True, timeout=300)
    (built,) = sdist.parent.glob("*.whl")
    return built


def installed(python: Path, wheel: Path, folder: Path, packages: set[str]) -> Path:
    """The Python of a new environment with the wheel and links to these packages, and without a compiler."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (site,) = folder.glob("lib/python3*/site-packages")
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--python",
        folder / "bin/python",
        "install",
        "--no-deps",
    ]
    subprocess.run([*pip, "--no-index", wheel], check=True, timeout=120, env=_environ(folder))
    for name in packages:
        for first, place in tops(name):
            if not (site / first).exists():
                (site / first).symlink_to(place)
    return folder / "bin/python"


def _environ(folder: Path) -> dict[str, str]:
    return {"PATH": str(folder / "bin"), "CC": "/bin/false", "HOME": str(folder)}


def run(python: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120, env=_environ(python.parents[1]),
    )  # fmt: skip


def test_the_archive_has_what_the_wheel_is_built_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "collectors/aggregation/native").glob("*.[ch]")}
    assert sources <= names
    assert {"pyproject.toml", "leverwatch/__init__.py", "leverwatch/agent/app.py", *_LICENCES} <= names


def test_the_wheel_takes_one_name_and_is_for_every_python_from_3_11(wheel: Path) -> None:
    assert wheel.name.startswith("leverwatch-0.1.0-cp311-abi3-linux_")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {name.split("/")[0] for name in names} == {"leverwatch", "leverwatch-0.1.0.dist-info"}
    assert "leverwatch/collectors/aggregation/_native.abi3.so" in names
    assert "leverwatch/agent/framework/_native.abi3.so" in names
    assert "leverwatch/agent/store/migrations/env.py" in names
    assert "leverwatch/agent/web/templates/status.html.j2" in names
    assert {f"leverwatch-0.1.0.dist-info/licenses/{name}" for name in _LICENCES} <= set(names)


def test_without_a_compiler_the_wheel_counts_with_its_helper(wheel: Path, tmp_path: Path) -> None:
    python = installed(Path(sys.executable), wheel, tmp_path / "venv", core())
    (tmp_path / "leverwatch.yaml").write_text(CONFIG)
    (tmp_path / "app.jsonl").write_text(RECORD)

    version = run(python, tmp_path, "-m", "leverwatch", "--version")
    command = subprocess.run(
        [python.parent / "leverwatch", "--version"], capture_output=True, text=True, check=True
    )
    done = run(python, tmp_path, "-m", "leverwatch", "collect", "--format", "json")

    assert version.stdout == command.stdout == _SAYS, version.stderr
    assert done.returncode == 0, done.stderr
    assert [(each["source"], each["records"]) for each in json.loads(done.stdout)] == [("log", 1)]


def test_the_helper_works_in_every_python_there_is(wheel: Path, tmp_path: Path) -> None:
    code = (
        "from leverwatch.collectors.aggregation import _native as n; ids = n.Ids(3);"
        " print(n.count_lines(b'a\\nb\\n'), ids.add(7, 1), ids.add(7, 2), len(ids), n.COLUMNS[0]);"
        " from leverwatch.agent.framework import _native as f; print(f.add_up([], {}, False, 0))"
    )
    for number, other in enumerate(interpreters()):
        python = installed(other, wheel, tmp_path / f"venv{number}", {"click"})

        assert run(python, tmp_path, "-m", "leverwatch", "--help").returncode == 0, other
        assert run(python, tmp_path, "-c", code).stdout == "2 True False 1 inferences\n[]\n", other


def test_an_installation_leaves_the_names_agent_and_collectors_to_others(wheel: Path, tmp_path: Path) -> None:
    python = installed(Path(sys.executable), wheel, tmp_path / "venv", set())

    for name in ("agent", "collectors"):
        found = run(python, tmp_path, "-c", f"import leverwatch.{name}, {name}")
        assert found.returncode == 1
        assert found.stderr.endswith(f"ModuleNotFoundError: No module named '{name}'\n")


def test_the_tree_runs_as_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leverwatch", "--version"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip

    assert done.stdout == _SAYS


def test_nothing_in_the_repository_imports_the_folders_by_their_bare_names() -> None:
    files = [*ROOT.glob(".ci/**/*.py")]
    files += [
        file
        for part in ("agent", "collectors", "grafana", "helm", "tests")
        for file in ROOT.glob(f"{part}/**/*.py")
        # What made a fixture with the program of an older version, and is kept to show how.
        if file != ROOT / "tests/fixtures/upgrade/generate.py"
    ]
    bare = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            bare += [f"{file}: {name}" for name in names if name.split(".")[0] in {"agent", "collectors"}]

    assert len(files) > 300
    assert bare == []
