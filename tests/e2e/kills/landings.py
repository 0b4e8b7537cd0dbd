"""A repository in which prompts change, and what each landing is."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.collectors.sources.git.repo import Repo

ORDER = ("modified", "added", "reverted", "removed", "renamed", "formatting")
"""Most telling first: what a landing of several kinds is."""
_BULK = 20

Change = tuple[str, str, str, str, int, bool]
"""Source, system, landing (UTC), kind, prompts, and whether it is bulk."""


@dataclass
class _Prompt:
    name: str
    path: str
    versions: int = 1
    current: int = 1
    padding: int = 0

    @property
    def content(self) -> str:
        return f"{self.name} in version {self.current}{' ' * self.padding}\n"


@dataclass
class Landings:
    """Lands changes of the prompts of two systems."""

    source: str
    folder: Path
    random: random.Random
    clock: datetime
    """Of the first landing; each further one is an hour later."""
    ballast: int = 0
    """Bytes that come along with some landings, so that fetching them takes its time."""
    expected: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.systems = (f"{self.source}-a", f"{self.source}-b")
        self._repo = Repo(self.folder)
        self._prompts: dict[str, list[_Prompt]] = {system: [] for system in self.systems}
        self._added = 0
        self._land({system: ["added"] * 24 for system in self.systems}, side=False)

    def patterns(self) -> dict[str, list[str]]:
        """For the configuration: the prompts of each system."""
        return {system: [f"{system}/**/*.md"] for system in self.systems}

    def step(self) -> None:
        """One landing of one to three changes in one system or in both; some come by a merge."""
        systems = self.random.choice((self.systems[:1], self.systems[1:], self.systems))
        todo = {
            system: self.random.choices(ORDER, (6, 2, 2, 1, 1, 2), k=1 + (self.random.random() < 0.3))
            for system in systems
        }
        if self.random.random() < 0.05:
            todo = {systems[0]: ["modified"] * 22}
        self._land(todo, side=self.random.random() < 0.15)

    def _land(self, todo: dict[str, list[str]], *, side: bool) -> None:
        files: dict[str, str | bytes | None] = {}
        if self.ballast and self.random.random() < 0.3:
            files[f"ballast-{self.random.randrange(4)}.bin"] = self.random.randbytes(self.ballast)
        self.clock += timedelta(hours=1)
        for system, wanted in todo.items():
            prompts = self._prompts[system]
            untouched = self.random.sample(prompts, len(prompts))
            kinds = [self._change(system, kind, untouched, files) for kind in wanted]
            done = [kind for kind in kinds if kind]
            if done:
                kind = min(done, key=ORDER.index)
                landed = self.clock.strftime("%Y-%m-%d %H:%M:%S")
                self.expected.append((self.source, system, landed, kind, len(done), len(done) > _BULK))
        files["code.py"] = str(self.clock)
        if not side:
            self._repo.commit(files, at=self.clock)
            return
        # Two commits beside the branch, earlier than their landing: what counts is the merge.
        self._repo.git("checkout", "-q", "-b", "side")
        self._repo.commit({"draft.md": str(self.clock)}, at=self.clock - timedelta(minutes=30))
        self._repo.commit(files, at=self.clock - timedelta(minutes=20))
        self._repo.git("checkout", "-q", "main")
        self._repo.clock = self.clock
        self._repo.merge("side")
        self._repo.git("branch", "-q", "-d", "side")

    def _change(
        self, system: str, kind: str, untouched: list[_Prompt], files: dict[str, str | bytes | None]
    ) -> str | None:
        """Change one prompt that this landing has not touched; the kind that it is, None when there is none."""
        prompts = self._prompts[system]
        if kind == "added" or not untouched:
            self._added += 1
            prompt = _Prompt(f"{self.source} {self._added}", f"{system}/{self._added}.md")
            prompts.append(prompt)
            files[prompt.path] = prompt.content
            return "added"
        prompt = untouched.pop()
        if kind == "reverted" and prompt.versions == 1:
            kind = "modified"
        match kind:
            case "modified":
                prompt.versions += 1
                prompt.current = prompt.versions
            case "reverted":
                prompt.current = self.random.choice(
                    [n for n in range(1, prompt.versions + 1) if n != prompt.current]
                )
            case "formatting":
                prompt.padding += 1
            case "removed":
                prompts.remove(prompt)
                files[prompt.path] = None
                return kind
            case "renamed":
                files[prompt.path] = None
                self._added += 1
                prompt.path = f"{system}/moved/{self._added}.md"
        files[prompt.path] = prompt.content
        return kind
