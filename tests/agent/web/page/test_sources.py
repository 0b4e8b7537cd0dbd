"""The flag of a source is that of the most urgent thing that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from leverwatch.agent.scheduling.nothing_counted import Concern
from leverwatch.agent.source_view import SourceView
from leverwatch.agent.web.page.sources import source_flag
from leverwatch.collectors.interface import Result

RUNBOOKS = Path(__file__).parents[4] / "docs/runbooks"


def source(*concerns: str, success: bool | None = True, counted: int = 7) -> SourceView:
    return SourceView(
        "a", "files", 60, success, records={Result.COUNTED: counted}, concerns=dict.fromkeys(concerns, "why")
    )


@pytest.mark.parametrize(
    ("view", "word"),
    [
        (source(success=None), "Not yet"),
        (source(), "Succeeded"),
        (source(counted=0), "Nothing counted"),
        (source(success=False), "Failed"),
        (replace(source(), waits="until 10:00"), "Waits"),
        (replace(source(success=None), waits="until 10:00"), "Waits"),
        (replace(source(success=False), waits="until 10:00"), "Failed"),
        (replace(source("most_refused"), waits="until 10:00"), "Mostly refused"),
        (source("matches_nothing"), "Matches nothing"),
        (source("matches_nothing", "most_refused"), "Mostly refused"),
        (source("matches_nothing", "nothing_counted", counted=0), "Nothing counted"),
    ],
)
def test_a_source_has_the_flag_of_the_most_urgent_thing_that_is_wrong(view: SourceView, word: str) -> None:
    assert source_flag(view).word == word


@pytest.mark.parametrize("concern", Concern)
def test_every_concern_is_red_and_leads_to_a_runbook(concern: Concern) -> None:
    flag = source_flag(source(str(concern)))

    assert flag.kind == "failed"
    assert (RUNBOOKS / f"{flag.alert}.md").exists()
