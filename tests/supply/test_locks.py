"""The locks say which release of everything is used, and are what pyproject.toml allows."""

from __future__ import annotations

import os
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from supply.lock import LOCKS
from supply.requirements import FOLDER, Pinned, read_lock

PROJECT = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
CORE = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
_OF_IMAGE = ("postgres", "mariadb", "prompts")
IMAGE = [*CORE, *(Requirement(text) for extra in _OF_IMAGE for text in EXTRAS[extra])]
TESTED = [*IMAGE, *(Requirement(text) for extra in ("prices", "duckdb", "dev") for text in EXTRAS[extra])]
RENEW = "`make lock` renews the locks"
EVERY_LOCK = pytest.mark.parametrize("lock", LOCKS)


def pinned(lock: str) -> dict[str, Pinned]:
    """What a lock has for this machine."""
    return {str(each.name): each for each in read_lock(lock) if each.is_for_here}


def floor(requirement: Requirement) -> Version:
    """The lowest release that a requirement allows."""
    (found,) = [each.version for each in requirement.specifier if each.operator == ">="]
    return Version(found)


@EVERY_LOCK
def test_every_release_of_a_lock_has_the_hashes_of_its_files(lock: str) -> None:
    assert [each.name for each in read_lock(lock) if not each.hashes] == []


@EVERY_LOCK
def test_a_lock_says_not_where_files_are_from(lock: str) -> None:
    text = (FOLDER / f"{lock}.txt").read_text()

    assert [
        word for word in ("://", "--index", "--extra-index", "--find-links", "--trusted") if word in text
    ] == []


def test_no_lock_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == LOCKS.keys()


@pytest.mark.parametrize(("lock", "extra"), [("newest", "chdb"), ("clickhouse", "clickhouse")])
def test_clickhouse_is_read_by_one_driver_in_each_environment(lock: str, extra: str) -> None:
    found = pinned(lock)
    wanted = [Requirement(text) for text in EXTRAS[extra]]

    assert [each for each in wanted if found[canonicalize_name(each.name)].version not in each.specifier] == [], (
        RENEW
    )


def test_what_is_beside_the_oldest_changes_none_of_them() -> None:
    oldest, beside = pinned("oldest"), pinned("clickhouse")

    assert [name for name in oldest.keys() & beside.keys() if oldest[name].version != beside[name].version] == []


@pytest.mark.parametrize("lock", ["newest", "oldest"])
def test_every_dependency_is_in_the_lock_with_a_release_it_allows(lock: str) -> None:
    found = pinned(lock)
    names = {str(canonicalize_name(each.name)) for each in TESTED}

    assert names - found.keys() == set(), RENEW
    refused = [each for each in TESTED if found[canonicalize_name(each.name)].version not in each.specifier]
    assert refused == [], RENEW


@pytest.mark.parametrize("requirement", TESTED, ids=str)
def test_the_oldest_lock_has_exactly_the_floor(requirement: Requirement) -> None:
    assert pinned("oldest")[canonicalize_name(requirement.name)].version == floor(requirement), RENEW


@pytest.mark.parametrize("lock", ["image", "bench", "build"])
def test_the_other_locks_have_what_the_tests_ran_with(lock: str) -> None:
    tested = pinned("newest")
    found = pinned(lock)
    both = found.keys() & tested.keys()
    differing = [name for name in both if found[name].version != tested[name].version]

    assert both
    assert differing == [], RENEW


def test_the_image_has_the_core_and_drivers_and_parsers_and_no_tool_of_the_tests() -> None:
    found = pinned("image")
    core = {str(canonicalize_name(each.name)) for each in IMAGE}
    tools = {str(canonicalize_name(Requirement(text).name)) for text in EXTRAS["dev"]} - core

    assert core - found.keys() == set(), RENEW
    assert tools & found.keys() == set()
    assert [each for each in IMAGE if found[canonicalize_name(each.name)].version not in each.specifier] == []


def test_the_benchmarks_have_their_contestants() -> None:
    assert {Requirement(text).name for text in EXTRAS["bench"]} <= pinned("bench").keys(), RENEW


def test_the_image_is_built_with_what_the_project_is_built_with() -> None:
    (backend,) = map(Requirement, PROJECT["build-system"]["requires"])
    found = pinned("build")[canonicalize_name(backend.name)]

    assert found.version in backend.specifier
    assert str(backend) in PROJECT["dependency-groups"]["image"]
    assert str(backend) in EXTRAS["dev"]


def test_these_tests_run_on_what_the_lock_says() -> None:
    """With LEVERWATCH_LOCK=oldest on the oldest, so that no test of the oldest runs on something else."""
    lock = os.environ.get("LEVERWATCH_LOCK", "newest")
    wanted = {name: each.version for name, each in pinned(lock).items()}

    assert {name: Version(version(name)) for name in wanted} == wanted, "`make test` installs what the locks say"
