"""Generated merges in any direction, checkouts and force pushes, against a plain list of landings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collectors.sources.git.repo import START, Repo, watch
from tests.examples import examples


@dataclass
class Model:
    """What landed on main: the days, oldest first, each with the tip that it made."""

    landed: list[tuple[str, int]] = field(default_factory=list)

    def push(self, tip: str, day: int) -> None:
        self.landed.append((tip, day))

    def force(self, kept: int) -> None:
        del self.landed[kept:]

    @property
    def days(self) -> list[int]:
        return [day for _, day in self.landed]


_STEP = st.sampled_from(["edit", "side", "merge", "foxtrot", "octopus", "detach", "force", "restart"])


def _side(repo: Repo, name: str, number: int) -> None:
    repo.git("checkout", "-q", "-B", name, "main~1")
    repo.commit({f"{name}-{number}.md": f"{name} {number}"})


@settings(max_examples=examples(12), deadline=None)
@given(steps=st.lists(_STEP, min_size=3, max_size=14))
def test_what_landed_is_what_every_push_brought_until_the_branch_is_rewritten(steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        repo, model = Repo(Path(folder) / "repo"), Model()
        source = watch(repo.path, Path(folder))

        def push() -> None:
            model.push(repo.head(), (repo.clock - START).days - 1)
            repo.git("checkout", "-q", "-B", "main")
            source.collect()

        for number in range(2):
            repo.commit({"a.md": f"start {number}"})
            push()
        for number, step in enumerate(steps):
            if step == "edit":
                repo.commit({"a.md": f"edit {number}"})
                push()
            elif step in {"merge", "foxtrot", "octopus"}:
                _side(repo, "topic", number)
                others = ["main"]
                if step == "octopus":
                    _side(repo, "other", number)
                    repo.git("checkout", "-q", "topic")
                    others = ["other", "main"]
                if step == "merge":
                    repo.git("checkout", "-q", "main")
                    others = ["topic"]
                repo.merge(others[0], *others[1:])
                push()
            elif step == "force" and len(model.landed) > 3:
                kept = len(model.landed) - 1 - number % 2
                repo.git("reset", "-q", "--hard", model.landed[kept - 1][0])
                model.force(kept)
                source.collect()
            elif step == "side":
                _side(repo, "wip", number)
                source.collect()
                repo.git("checkout", "-q", "main")
            elif step == "detach":
                repo.git("checkout", "-q", "--detach", "main~1")
                source.collect()
                repo.git("checkout", "-q", "main")
            elif step == "restart":
                source.restart(bulk_above=7 + number)
                source.collect()
            assert [day for day, *_ in source.events()] == model.days
