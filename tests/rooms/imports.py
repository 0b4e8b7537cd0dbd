"""Reads what the modules of a tree import, without importing them, and finds imports that break a rule."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.rooms.table import BY_NAME

PACKAGE = "leverwatch"
FOLDERS = ("agent", "collectors")
BY_TEXT = frozenset({"import_module", "__import__"})
"""Functions that import a module whose name they are given as text."""
FIXTURES = "tests/fixtures/"
"""The folder of fixtures, which also run with other versions of the program."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports, anywhere in it: at its top, in a function or for types only."""

    file: str
    """The path of the file relative to the tree, with slashes."""
    line: int
    name: str
    """The absolute dotted name of a module, or of a name in one."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: imports {self.name}"


def files_of(tree: Path) -> list[str]:
    """Return all Python files of the two installed folders, relative to the tree."""
    found = (path for folder in FOLDERS for path in (tree / folder).rglob("*.py"))
    return sorted(path.relative_to(tree).as_posix() for path in found)


def module_of(file: str) -> str:
    """Return the dotted name under which a file is imported."""
    return f"{PACKAGE}." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports_of(tree: Path, file: str) -> list[Import]:
    """Return all imports of one file. `from a import b` gives `a.b`, which may be a module."""
    package = module_of(file).split(".")
    if not file.endswith("/__init__.py"):
        package = package[:-1]
    found: list[Import] = []
    for node in ast.walk(ast.parse((tree / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += (Import(file, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            found += (Import(file, node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and file not in BY_NAME and (named := _named_module(node)) is not None:
            found += (Import(file, node.lineno, name) for name in _beginning_with(tree, *named))
    return found


def _named_module(node: ast.Call) -> tuple[str, bool] | None:
    """Return the text of a name that is given to `import_module`, and whether it is whole, or only its begin is
    known; None for anything else."""
    if not node.args:
        return None
    called = node.func
    if (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")) not in BY_TEXT:
        return None
    name = node.args[0]
    if isinstance(name, ast.JoinedStr):
        start = name.values[0] if name.values else None
        return (str(start.value) if isinstance(start, ast.Constant) else ""), False
    return (name.value, True) if isinstance(name, ast.Constant) and isinstance(name.value, str) else ("", False)


def _beginning_with(tree: Path, name: str, whole: bool) -> list[str]:
    """Return the modules of the tree whose names begin so, or else the name itself."""
    fitting = [] if whole else [module for module in map(module_of, files_of(tree)) if module.startswith(name)]
    return fitting or [name]


def edges_of(tree: Path) -> dict[str, set[str]]:
    """Return, for each file of the tree, the files of the tree that it imports."""
    files = {module_of(file): file for file in files_of(tree)}
    return {
        file: {to for it in imports_of(tree, file) for to in _targets(it.name, file, files)} - {file}
        for file in files.values()
    }


def _targets(name: str, file: str, files: Mapping[str, str]) -> Iterator[str]:
    """Yield the file of a name, and those of the packages that contain it, which Python imports with it."""
    nearest = True
    while name:
        if name in files:
            target = files[name]
            # A package that a module lies in is being loaded already. Named itself, it is an import like others.
            if nearest or not file.startswith(target.removesuffix("__init__.py")):
                yield target
            nearest = False
        name = name.rpartition(".")[0]


def cycle_in(edges: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Return files that import each other in a cycle, the first one again at the end; empty when there is no
    cycle."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return [str(file) for file in reversed(error.args[1])]
    return []


def longest_chain(edges: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Return the longest chain of files each of which imports the next. There must be no cycle."""
    best: dict[str, list[str]] = {}
    for file in TopologicalSorter(edges).static_order():
        best[file] = [file, *max((best[to] for to in edges.get(file, ())), key=len, default=[])]
    return max(best.values(), key=len, default=[])


@dataclass(frozen=True, slots=True)
class Room:
    """The room of a file."""

    level: int
    """Its line in the table, counted from 0 at the bottom."""
    folder: str


def room_of(file: str, rooms: Sequence[str]) -> Room | None:
    """Return the room of a file, by the longest matching line; None when none matches."""
    fitting = [(len(line), level) for level, line in enumerate(rooms) if _fits(file, line)]
    if not fitting:
        return None
    level = max(fitting)[1]
    depth = rooms[level].count("/")
    return Room(level, rooms[level] if "*/" not in rooms[level] else "/".join(file.split("/")[:depth]) + "/")


def _fits(file: str, line: str) -> bool:
    if line.endswith("/"):
        return fnmatchcase(file, line + "*")
    return file.count("/") == line.count("/") and fnmatchcase(file, line)


def outside_rooms(files: Iterable[str], rooms: Sequence[str]) -> list[str]:
    """Return files that no line of the table matches, except packages that only contain rooms."""
    holders = {f"{folder}/__init__.py" for line in rooms for folder in (line.removesuffix("*/").rstrip("/"),)}
    return [file for file in files if room_of(file, rooms) is None and file not in holders]


def upward(edges: Mapping[str, AbstractSet[str]], rooms: Sequence[str]) -> list[str]:
    """Return imports of a higher room, or of another room on the same level."""
    wrong = []
    for file, targets in edges.items():
        mine = room_of(file, rooms)
        for target in sorted(targets):
            other = room_of(target, rooms)
            if mine is None or other is None or other.level < mine.level or other == mine:
                continue
            how = "a higher room" if other.level > mine.level else "a room beside its own"
            wrong.append(f"{file} imports {target}, which lies in {how}")
    return wrong


def impure(tree: Path, folder: str, allowed: AbstractSet[str], calls: AbstractSet[str]) -> list[str]:
    """Return what a pure folder imports from elsewhere beyond `allowed`, and which of the forbidden `calls` it
    makes."""
    wrong = []
    for file in files_of(tree):
        if not file.startswith(folder):
            continue
        for it in imports_of(tree, file):
            own = it.name.startswith(f"{PACKAGE}.{folder.replace('/', '.')}")
            if it.name.rpartition(".")[2] in calls or not (own or _is_in(it.name, allowed)):
                wrong.append(str(it))
        wrong += _impure_calls(tree, file, calls)
    return wrong


def _is_in(name: str, modules: AbstractSet[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _impure_calls(tree: Path, file: str, calls: AbstractSet[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse((tree / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in calls:
                yield f"{file}:{node.lineno}: calls {name}"


def bare(tree: Path, folders: Iterable[str]) -> list[str]:
    """Return imports of `agent` and `collectors` without the package's name, which fail in an installation."""
    wrong = []
    for folder in folders:
        for path in sorted((tree / folder).rglob("*.py")):
            file = path.relative_to(tree).as_posix()
            if file.startswith(FIXTURES):
                continue
            wrong += [str(it) for it in imports_of(tree, file) if it.name.split(".")[0] in FOLDERS]
    return wrong


def unmirrored(tree: Path) -> list[str]:
    """Return folders of tests/agent and tests/collectors without a folder of the same path that they could
    test, but for those that are a program of the tests themselves."""
    found = (path for folder in FOLDERS for path in (tree / "tests" / folder).rglob("*") if path.is_dir())
    paths = (path.relative_to(tree / "tests") for path in found if path.name != "__pycache__")
    return sorted(path.as_posix() for path in paths if not _justified(tree, path))


def _justified(tree: Path, path: Path) -> bool:
    return (tree / path / "__init__.py").is_file() or (tree / "tests" / path / "__main__.py").is_file()
