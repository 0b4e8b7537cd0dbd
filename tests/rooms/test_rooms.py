from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms.imports import (
    bare,
    cycle_in,
    edges_of,
    files_of,
    impure,
    longest_chain,
    outside_rooms,
    unmirrored,
    upward,
)
from tests.rooms.table import IMPURE_CALLS, PURE, ROOMS

TREE = Path(__file__).parents[2]
OURS = ("agent", "collectors", "leverwatch", "tests", "grafana", "helm", ".ci")


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycle_in(edges_of(TREE)) == []


def test_no_module_imports_from_a_higher_room() -> None:
    assert upward(edges_of(TREE), ROOMS) == []


def test_every_module_lies_in_a_room() -> None:
    assert outside_rooms(files_of(TREE), ROOMS) == []


@pytest.mark.parametrize("folder", PURE)
def test_a_pure_room_does_no_io_and_looks_at_no_clock(folder: str) -> None:
    assert any(file.startswith(folder) for file in files_of(TREE))
    assert impure(TREE, folder, PURE[folder], IMPURE_CALLS) == []


def test_nothing_imports_the_folders_without_the_name_of_the_package() -> None:
    assert bare(TREE, OURS) == []


def test_the_folders_of_the_tests_mirror_those_of_the_code() -> None:
    assert unmirrored(TREE) == []


# What follows shows, on small trees, that each rule would fail.


def grow(tree: Path, **files: str) -> Path:
    """Write files; `__` in a name stands for a slash. Returns the tree."""
    for name, text in files.items():
        path = tree / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tree


IN_FUNCTION = "def f() -> None:\n    from leverwatch.collectors.{} import x\n"
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from leverwatch.collectors.{} import X\n"


@pytest.mark.parametrize(
    "back",
    [
        IN_FUNCTION,
        FOR_TYPES,
        "import leverwatch.collectors.{}\n",
        "from . import {}\n",
        "from importlib import import_module\nimport_module('leverwatch.collectors.{}')\n",
        "import importlib\ndef f() -> None:\n    importlib.import_module('leverwatch.collectors.{}')\n",
        "__import__('leverwatch.collectors.{}')\n",
    ],
)
def test_a_circle_is_found_however_it_is_closed(back: str, tmp_path: Path) -> None:
    tree = grow(tmp_path, collectors__a="from leverwatch.collectors.b import x\n", collectors__b=back.format("a"))
    assert cycle_in(edges_of(tree)) in (
        ["collectors/a.py", "collectors/b.py", "collectors/a.py"],
        ["collectors/b.py", "collectors/a.py", "collectors/b.py"],
    )


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ('"leverwatch.agent.store.names"', {"agent/store/names.py"}),
        ('f"leverwatch.agent.store.{part}"', {"agent/store/names.py", "agent/store/rows.py"}),
        ('f"{part}"', {"agent/a.py", "agent/store/names.py", "agent/store/rows.py"}),
        ("part", {"agent/a.py", "agent/store/names.py", "agent/store/rows.py"}),
        ('"json"', set()),
        ('f"sqlalchemy.dialects.{part}"', set()),
    ],
)
def test_a_module_that_is_named_by_text_may_be_each_that_fits(
    name: str, imported: set[str], tmp_path: Path
) -> None:
    text = f"from importlib import import_module\ndef f(part: str) -> None:\n    import_module({name})\n"
    tree = grow(tmp_path, agent__a=text, agent__store__names="", agent__store__rows="")

    assert edges_of(tree)["agent/a.py"] == imported - {"agent/a.py"}


def test_a_circle_through_a_package_is_found(tmp_path: Path) -> None:
    tree = grow(
        tmp_path,
        agent__a="from leverwatch.agent.store.names import x\n",
        agent__store__names="",
    )
    (tree / "agent/store/__init__.py").write_text("from leverwatch.agent import a\n", encoding="utf-8")
    assert len(cycle_in(edges_of(tree))) == 3


def test_the_longest_chain_is_the_longest(tmp_path: Path) -> None:
    to = "from leverwatch.collectors.{} import x\n"
    tree = grow(
        tmp_path, collectors__a=to.format("b") + to.format("c"), collectors__b=to.format("c"), collectors__c=""
    )
    assert longest_chain(edges_of(tree)) == ["collectors/a.py", "collectors/b.py", "collectors/c.py"]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("collectors/records/x.py", "collectors/aggregation/y.py"),
        ("collectors/records/formats/x.py", "collectors/sources/files/y.py"),
        ("collectors/aggregation/x.py", "collectors/sources/files/y.py"),
        ("collectors/daily/x.py", "collectors/sources/sql/y.py"),
        ("collectors/paths.py", "collectors/records/y.py"),
        ("collectors/sources/files/x.py", "collectors/sniffing/y.py"),
        ("collectors/sources/models/x.py", "collectors/sources/evals/y.py"),
        ("collectors/sources/evals/formats/x.py", "collectors/sources/files/y.py"),
        ("collectors/interface.py", "agent/errors.py"),
        ("collectors/sniffing/x.py", "agent/framework/y.py"),
        ("agent/framework/x.py", "agent/store/y.py"),
        ("agent/framework/economics/x.py", "agent/snapshot.py"),
        ("agent/errors.py", "agent/framework/y.py"),
        ("agent/store/x.py", "agent/evaluation/y.py"),
        ("agent/web/transport/x.py", "agent/web/y.py"),
        ("agent/web/page/x.py", "agent/web/y.py"),
        ("agent/app.py", "agent/cli/y.py"),
    ],
)
def test_an_import_of_a_higher_room_or_of_one_beside_is_found_and_its_reverse_is_not(
    importer: str, imported: str
) -> None:
    assert len(upward({importer: {imported}}, ROOMS)) == 1
    assert upward({importer: {importer}}, ROOMS) == []
    beside = "/sources/" in importer and "/sources/" in imported
    assert len(upward({imported: {importer}}, ROOMS)) == beside


def test_a_folder_without_a_line_in_the_table_is_found() -> None:
    files = [
        "collectors/new/x.py",
        "collectors/sources/__init__.py",
        "collectors/sources/sql/x.py",
        "agent/app.py",
    ]
    assert outside_rooms(files, ROOMS) == ["collectors/new/x.py"]


@pytest.mark.parametrize(
    "text",
    [
        "import os\n",
        "def f() -> None:\n    import socket\n",
        "from pathlib import Path\n",
        "import structlog\n",
        "import sqlite3\n",
        "import subprocess\n",
        "import time\n",
        "import requests\n",
        "from leverwatch.collectors.paths import discover\n",
        "from leverwatch.collectors.interface import utc_now\n",
        "f = open('x')\n",
        "from datetime import date, datetime\nday = date.today()\n",
        "from datetime import UTC, datetime\nmoment = datetime.now(UTC)\n",
    ],
)
@pytest.mark.parametrize("folder", PURE)
def test_io_and_the_clock_are_found_in_a_pure_room(folder: str, text: str, tmp_path: Path) -> None:
    grow(tmp_path, **{folder.replace("/", "__") + "x": text})
    assert len(impure(tmp_path, folder, PURE[folder], IMPURE_CALLS)) == 1


@pytest.mark.parametrize("folder", PURE)
def test_a_pure_room_may_import_from_itself_and_what_is_allowed(folder: str, tmp_path: Path) -> None:
    own = f"from leverwatch.{folder.replace('/', '.')}y import z\n"
    text = own + "from collections.abc import Mapping\nfrom leverwatch.collectors.interface import Result\n"
    grow(tmp_path, **{folder.replace("/", "__") + "x": text})
    assert impure(tmp_path, folder, PURE[folder], IMPURE_CALLS) == []


@pytest.mark.parametrize(
    "text", ["import agent\n", "from collectors.interface import Batch\n", "import agent.app as a\n"]
)
def test_an_import_without_the_name_of_the_package_is_found(text: str, tmp_path: Path) -> None:
    grow(tmp_path, tests__x=text, tests__y="from leverwatch.agent import app\n")
    assert len(bare(tmp_path, OURS)) == 1


def test_a_folder_of_tests_that_mirrors_nothing_is_found(tmp_path: Path) -> None:
    grow(tmp_path, tests__agent__page__test_x="", tests__agent__web__test_x="", agent__web__x="")
    (tmp_path / "agent/web/__init__.py").touch()
    assert unmirrored(tmp_path) == ["agent/page"]
