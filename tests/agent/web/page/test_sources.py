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


def refusing(records: int, share: float | None = None) -> SourceView:
    return replace(source(), records={Result.COUNTED: 900, Result.BAD_TIME: records}, unreadable_share=share)


@pytest.mark.parametrize(
    ("view", "word"),
    [
        (source(success=None), "Not yet"),
        (source(), "Succeeded"),
        (refusing(3), "Succeeded"),
        (refusing(3, 0.001), "Refuses records"),
        (replace(refusing(3, 0.001), waits="until 10:00"), "Waits"),
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


def test_green_is_a_source_of_which_every_record_was_read() -> None:
    assert source_flag(source()).kind == "ok"
    assert {source_flag(refusing(3, share)).kind for share in (None, 0.0)} == {""}
    assert source_flag(refusing(3, 0.001)).kind == "held"


@pytest.mark.parametrize(
    ("records", "share", "alert"),
    [(10, 0.5, None), (11, 0.01, None), (11, 0.011, "LeverwatchRecordsUnreadable")],
)
def test_a_source_that_refuses_leads_to_the_runbook_where_the_alert_may_fire(
    records: int, share: float, alert: str | None
) -> None:
    assert source_flag(refusing(records, share)).alert == alert
