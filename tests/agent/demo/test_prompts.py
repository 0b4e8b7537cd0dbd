"""The planned prompt history, and the repository that it becomes."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from leverwatch.agent.demo.build import Demo
from leverwatch.agent.demo.company import SYSTEMS
from leverwatch.agent.demo.prompts import Commit, Landing, plan_history
from leverwatch.agent.demo.repository import fast_import_stream, write_repository
from leverwatch.agent.errors import CommandError
from leverwatch.collectors.interface import ChangeKind
from tests.agent.demo.reread import Touched, first_parent_steps, git

FIRST, LAST = date(2031, 1, 14), date(2031, 5, 13)


@pytest.fixture(scope="module")
def repository(demo: Demo) -> Path:
    return demo.folder / "prompts.git"


@pytest.fixture(scope="module")
def steps(repository: Path) -> list[Touched]:
    return first_parent_steps(repository)


class _Classifier:
    """Names each first-parent step from its blobs alone, for one system."""

    def __init__(self, repository: Path, system: str) -> None:
        self.repository, self.prefix = repository, f"prompts/{system}/"
        self.history: dict[str, list[str]] = defaultdict(list)

    def _normal(self, blob: str) -> str:
        return "\n".join(
            line.rstrip() for line in git(self.repository, "cat-file", "blob", blob).strip().splitlines()
        )

    def kind(self, step: Touched) -> ChangeKind | None:
        files = {path: blobs for path, blobs in step.files.items() if path.startswith(self.prefix)}
        if not files:
            return None
        gone = {before for before, after in files.values() if after is None}
        kinds = set()
        for path, (before, after) in files.items():
            if after is None:
                kinds.add(ChangeKind.REMOVED)
                continue
            text = self._normal(after)
            if before is None:
                kinds.add(ChangeKind.RENAMED if after in gone else ChangeKind.ADDED)
            elif text == self._normal(before):
                kinds.add(ChangeKind.FORMATTING)
            else:
                kinds.add(ChangeKind.REVERTED if text in self.history[path] else ChangeKind.MODIFIED)
            self.history[path].append(text)
        if ChangeKind.RENAMED in kinds:
            kinds.discard(ChangeKind.REMOVED)
        assert len(kinds) == 1, f"one landing has one kind for one system: {kinds}"
        return kinds.pop()


def test_the_repository_is_sound(repository: Path) -> None:
    assert git(repository, "fsck", "--strict", "--full") == ""
    assert git(repository, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert git(repository, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


@pytest.mark.parametrize("system", [system.name for system in SYSTEMS])
def test_the_promised_landings_are_those_of_the_repository(
    demo: Demo, repository: Path, steps: list[Touched], system: str
) -> None:
    classifier = _Classifier(repository, system)
    kinds = [kind for step in steps if (kind := classifier.kind(step)) is not None]
    assert Counter(kinds) == demo.expected.systems[system].landings


def test_the_default_branch_has_one_step_a_landing(steps: list[Touched]) -> None:
    landings = plan_history(FIRST, LAST, seed=7)
    assert [step.at for step in steps] == [landing.commit.at for landing in landings]
    assert [step.parents == 2 for step in steps[1:]] == [bool(landing.branch) for landing in landings[1:]]
    assert any(landing.branch for landing in landings)
    assert not all(landing.branch for landing in landings)


def test_every_kind_of_landing_is_shown(demo: Demo) -> None:
    shown = {kind for system in demo.expected.systems.values() for kind in system.landings}
    assert shown == set(ChangeKind) - {ChangeKind.FIRST_SEEN}, "which registries alone have"


def test_one_bulk_landing_touches_more_than_twenty_prompts_of_one_system(demo: Demo, steps: list[Touched]) -> None:
    large = [step for step in steps if len(step.files) > 20]
    assert len(large) == 1
    assert {path.split("/")[1] for path in large[0].files} == {"support-bot"}
    assert {name for name, system in demo.expected.systems.items() if system.bulk_landings} == {"support-bot"}


def test_dates_rise_and_go_back_further_than_the_usage_log(steps: list[Touched]) -> None:
    moments = [step.at for step in steps]
    assert moments == sorted(set(moments))
    assert moments[0].date() < FIRST
    assert moments[-1].date() <= LAST


def test_no_commit_is_older_than_its_parent(repository: Path) -> None:
    rows = [line.split() for line in git(repository, "log", "--format=%H %ct %P", "main").splitlines()]
    at = {commit: int(seconds) for commit, seconds, *_ in rows}
    assert all(at[parent] <= int(seconds) for _, seconds, *parents in rows for parent in parents)


@pytest.mark.parametrize(("system", "fewest", "most"), [("search-summaries", 2, 3), ("claims-triage", 1, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_frequent_systems_change_in_every_full_week(system: str, fewest: int, most: int, seed: int) -> None:
    counting = {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.REVERTED}
    days = {
        landing.commit.at.date()
        for landing in plan_history(FIRST, LAST, seed)
        if landing.kinds.get(system) in counting
    }
    monday = FIRST + timedelta(days=-FIRST.weekday() % 7)
    while monday + timedelta(days=6) <= LAST:
        week = {monday + timedelta(days=day) for day in range(7)}
        assert fewest <= len(days & week) <= most, monday
        monday += timedelta(days=7)


@pytest.mark.parametrize("system", ["support-bot", "contract-extraction", "hr-faq"])
def test_other_systems_change_rarely(demo: Demo, system: str) -> None:
    landings = demo.expected.systems[system].landings
    assert sum(landings.values()) <= 8


def test_a_branch_leaves_no_ref_and_a_removed_file_is_gone(tmp_path: Path) -> None:
    first, *_ = plan_history(FIRST, LAST, seed=7)
    start = first.commit.at
    landings = [
        Landing(Commit(start, "start", {"a.md": "one\n", "ü b.md": "två\n"}), (), {}),
        Landing(
            Commit(start + timedelta(hours=2), "merge ü", {"a.md": None}),
            (Commit(start + timedelta(hours=1), "side", {"a.md": None}),),
            {},
        ),
    ]
    write_repository(tmp_path / "r.git", landings)
    assert git(tmp_path / "r.git", "-c", "core.quotePath=false", "ls-tree", "--name-only", "main") == "ü b.md\n"
    assert git(tmp_path / "r.git", "show", "main:ü b.md") == "två\n"
    assert git(tmp_path / "r.git", "log", "-1", "--format=%s %P", "main").count(" ") == 3
    assert git(tmp_path / "r.git", "branch", "--list").split() == ["*", "main"]


def test_the_stream_is_the_same_for_the_same_plan() -> None:
    assert fast_import_stream(plan_history(FIRST, LAST, 3)) == fast_import_stream(plan_history(FIRST, LAST, 3))


def test_a_users_git_settings_have_no_say(tmp_path: Path) -> None:
    hostile = {"GIT_DIR": str(tmp_path / "elsewhere"), "GIT_CONFIG_GLOBAL": str(tmp_path / "broken")}
    (tmp_path / "broken").write_text("[core\n")
    landings = plan_history(FIRST, LAST, 7)
    write_repository(tmp_path / "r.git", landings, {**hostile, "PATH": "/usr/local/bin:/usr/bin:/bin"})
    assert len(git(tmp_path / "r.git", "rev-list", "--first-parent", "main").split()) == len(landings)
    assert not (tmp_path / "elsewhere").exists()


def test_a_failing_git_is_reported_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"git init failed while building the demo: .*file"):
        write_repository(tmp_path / "file" / "r.git", [])
