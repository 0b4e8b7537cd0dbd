"""The invented prompt history of the demo: plans which changes land when, without a repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random

from leverwatch.agent.demo.company import SYSTEMS, SystemPlan
from leverwatch.agent.demo.texts import ACTIONS, LANGUAGES, SITUATIONS
from leverwatch.collectors.interface import ChangeKind

HISTORY_DAYS = 15
"""Days by which the prompt history begins before the usage log."""

_LONGEST = 9

Files = Mapping[str, str | None]
"""New content by path; None deletes the file."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a branch."""

    at: datetime
    title: str
    files: Files


@dataclass(frozen=True, slots=True)
class Landing:
    """One step of the default branch: a commit, or the merge of a branch."""

    commit: Commit
    branch: tuple[Commit, ...]
    """The commits of the merged branch; empty for a plain commit."""
    kinds: Mapping[str, ChangeKind]
    """The kind of change, by system; empty when it changes no prompt."""
    bulk: bool = False


class _Planner:
    """Plans the landings one by one, from the current content of the prompts."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"{seed}/prompts")  # noqa: S311 - repeatable texts, no secret
        self.files: dict[str, str] = {}
        self.before: dict[str, str] = {}
        """The content of each prompt before its last edit."""
        self.latest: dict[str, str] = {}
        """The prompt of each system that was last edited."""
        self.used: dict[str, set[tuple[str, str]]] = {}
        self.landings: list[Landing] = []

    def _guideline(self, path: str) -> str:
        # A guideline never comes twice for one path, so that a content only comes back when it is reverted.
        used = self.used.setdefault(path, set())
        while (pair := (self.rng.choice(SITUATIONS), self.rng.choice(ACTIONS))) in used:
            pass
        used.add(pair)
        return f"- When {pair[0]}, {pair[1]}."

    def _fresh(self, path: str, opening: str) -> str:
        return "\n".join([opening, "", *(self._guideline(path) for _ in range(4))]) + "\n"

    def _edited(self, path: str, text: str) -> str:
        lines = text.splitlines()
        if len(lines) > _LONGEST:
            lines[self.rng.randrange(2, len(lines))] = self._guideline(path)
        else:
            lines.append(self._guideline(path))
        return "\n".join(lines) + "\n"

    def _land(
        self,
        at: datetime,
        title: str,
        files: Files,
        kinds: Mapping[str, ChangeKind],
        branch: tuple[Commit, ...] = (),
        *,
        bulk: bool = False,
    ) -> None:
        for path, text in files.items():
            if text is None:
                self.files.pop(path)
                continue
            if ChangeKind.FORMATTING not in kinds.values():
                self.before[path] = self.files.get(path, "")
            self.files[path] = text
        self.landings.append(Landing(Commit(at, title, files), branch, kinds, bulk))

    def start(self, at: datetime) -> None:
        """Add the first prompts of all systems, and a file that is no prompt."""
        files = {"README.md": "Prompts of all products. One folder for each system.\n"}
        for system in SYSTEMS:
            for name in system.prompts:
                path = f"prompts/{system.name}/{name}.md"
                files[path] = self._fresh(path, f"You are part of {system.name}. This prompt is about: {name}.")
        self._land(at, "Import the prompts", files, {system.name: ChangeKind.ADDED for system in SYSTEMS})

    def change(self, at: datetime, system: SystemPlan) -> None:
        """Edit one or two prompts of a system, about every other time on a branch."""
        own = sorted(
            path for path in self.files if path.rpartition("/")[0] == f"prompts/{system.name}" and path != _RETIRED
        )
        paths = self.rng.sample(own, 2 if self.rng.random() < 0.25 else 1)
        self.latest[system.name] = paths[0]
        steps: list[Files] = []
        for _ in range(self.rng.choice((0, 0, 1, 2, 3))):
            before = steps[-1] if steps else self.files
            steps.append({path: self._edited(path, before[path] or "") for path in paths})
        kinds = {system.name: ChangeKind.MODIFIED}
        if not steps:
            files = {path: self._edited(path, self.files[path]) for path in paths}
            self._land(at, f"{system.name}: adjust the guidelines", files, kinds)
            return
        # The branch starts at the landing before, so none of its commits may be older than that.
        pause = min(timedelta(minutes=20), (at - self.landings[-1].commit.at) / (len(steps) + 1))
        branch = tuple(
            Commit(at - pause * (len(steps) - index), f"{system.name}: try a wording", files)
            for index, files in enumerate(steps)
        )
        self._land(at, f"Merge branch '{system.name}-{at:%m%d}'", steps[-1], kinds, branch)

    def revert(self, at: datetime, system: SystemPlan) -> None:
        """Revert the last edit of a system."""
        path = self.latest[system.name]
        self._land(
            at,
            f"Revert the last change of {system.name}",
            {path: self.before[path]},
            {system.name: ChangeKind.REVERTED},
        )

    def share(self, at: datetime) -> None:
        """Change one prompt of each of two systems in one landing."""
        files = {path: self._edited(path, self.files[path]) for path in _SHARED}
        kinds = {path.split("/")[1]: ChangeKind.MODIFIED for path in _SHARED}
        self._land(at, "Follow the new style guide", files, kinds)

    def translate(self, at: datetime) -> None:
        """Change more prompts in one landing than a person edits."""
        files = {}
        for language in LANGUAGES:
            path = f"prompts/support-bot/languages/{language.lower()}.md"
            files[path] = self._fresh(path, f"Answer in {language}.")
        self._land(at, "Add all languages", files, {"support-bot": ChangeKind.ADDED}, bulk=True)

    def reformat(self, at: datetime) -> None:
        """Change only white space at the ends of lines and of the file."""
        files = {path: self.files[path].replace(".\n", ".  \n") + "\n" for path in _REFORMATTED}
        kinds = {path.split("/")[1]: ChangeKind.FORMATTING for path in _REFORMATTED}
        self._land(at, "Run the formatter", files, kinds)

    def rename(self, at: datetime) -> None:
        """Rename a prompt within its system, with the same content."""
        old, new = _RENAMED
        files: Files = {old: None, new: self.files[old]}
        self._land(at, "Rename a prompt", files, {"hr-faq": ChangeKind.RENAMED})

    def retire(self, at: datetime) -> None:
        """Delete a prompt."""
        self._land(at, "Retire a prompt", {_RETIRED: None}, {"claims-triage": ChangeKind.REMOVED})

    def document(self, at: datetime) -> None:
        """Add a landing that changes no prompt."""
        self._land(at, "Say who reviews", {"README.md": self.files["README.md"] + "Two people review.\n"}, {})


_SHARED = ("prompts/support-bot/system.md", "prompts/hr-faq/system.md")
_REFORMATTED = ("prompts/contract-extraction/system.md", "prompts/claims-triage/system.md")
_RENAMED = ("prompts/hr-faq/faq.md", "prompts/hr-faq/answers.md")
_RETIRED = "prompts/claims-triage/fax-intake.md"
_REVERT_EVERY = 15

_Step = Callable[[datetime], None]


def _weekly(rng: Random, system: SystemPlan, first: date, last: date) -> list[date]:
    """Return the active days of a system whose prompts change constantly: some weekdays of every full week."""
    fewest, most = system.change_days or (0, 0)
    monday = first + timedelta(days=-first.weekday() % 7)
    days: list[date] = []
    while monday <= last:
        weekdays = sorted(rng.sample(range(5), rng.randint(fewest, most)))
        days += [monday + timedelta(days=weekday) for weekday in weekdays]
        monday += timedelta(days=7)
    return [day for day in days if day <= last]


def plan_history(first_day: date, last_day: date, seed: int) -> tuple[Landing, ...]:
    """Return all landings on the default branch, oldest first, from `HISTORY_DAYS` before the first day.

    Args:
        first_day: the first UTC day of the usage log.
        last_day: the last one; nothing lands after it.
        seed: chooses days, prompts and texts.
    """
    rng = Random(f"{seed}/schedule")  # noqa: S311 - a repeatable schedule, no secret
    planner = _Planner(seed)
    begin = first_day - timedelta(days=HISTORY_DAYS)
    steps: list[tuple[datetime, _Step]] = []

    def add(day: date, step: _Step) -> None:
        # Working hours, away from both ends of the UTC day; microseconds do not exist in git.
        steps.append((datetime.combine(day, time(8), UTC) + timedelta(seconds=rng.randrange(9 * 3600)), step))

    def back(days: int) -> date:
        return last_day - timedelta(days=days)

    for system in SYSTEMS:
        if system.change_days is None:
            for days in system.changes:
                add(back(days), partial(planner.change, system=system))
            continue
        for number, day in enumerate(_weekly(rng, system, begin + timedelta(days=1), last_day), start=1):
            if number % _REVERT_EVERY == 0:
                add(day, partial(planner.revert, system=system))
                continue
            for _ in range(2 if rng.random() < 0.2 else 1):
                add(day, partial(planner.change, system=system))
    once: tuple[tuple[int, _Step], ...] = (
        (112, planner.document),
        (99, planner.reformat),
        (90, planner.translate),
        (75, planner.retire),
        (66, planner.share),
        (52, planner.rename),
    )
    for days, step in once:
        add(back(days), step)

    planner.start(datetime.combine(begin, time(9), UTC))
    for at, step in sorted(steps, key=lambda item: item[0]):
        # Git keeps seconds; two landings in one second would have no order.
        step(max(at, planner.landings[-1].commit.at + timedelta(seconds=1)))
    return tuple(planner.landings)
