"""A run that ends in the middle of anything counts each move once, as each further one is another process."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from tests.collectors.sources.prompt_registry.world import World, world


class PowerCut(BaseException):
    """What no code expects."""


def killed_everywhere(here: World) -> int:
    """Run again until a run is through, each time ended one statement later; returns how often."""
    left, kills = [0], 0

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    event.listen(here.store._engine, "before_cursor_execute", cut)
    while True:
        left[0] = kills
        try:
            here.run()
        except PowerCut:
            kills += 1
        else:
            break
    event.remove(here.store._engine, "before_cursor_execute", cut)
    return kills


@pytest.mark.parametrize("api", ["langfuse", "mlflow"])
def test_each_move_is_one_change_wherever_a_run_was_killed(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        here.prompts.create("answer", "Be kind.")
        here.prompts.create("answer", "Be brief.")
        kills = 0
        for version in (1, 2, 1):
            here.move("answer", version)
            kills += killed_everywhere(here)

        assert kills > 6
        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen", "modified", "reverted"]


def test_two_agents_on_one_store_count_a_move_once(tmp_path: Path) -> None:
    with world("mlflow", tmp_path) as here:
        here.prompts.create("answer", "Be kind.")
        here.move("answer", 1)
        here.run()
        here.move("answer", here.prompts.create("answer", "Be brief."))
        state = here.store.source_state("registry")
        [batch] = here.collector().collect(state)

        here.run()

        assert [one.kind for one in batch.prompt_changes] == ["modified"]
        with pytest.raises(Exception, match="expected revision"):
            here.store.apply("registry", state.revision, batch)
        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen", "modified"]
