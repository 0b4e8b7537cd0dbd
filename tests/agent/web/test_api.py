"""The JSON of all verdicts."""

from __future__ import annotations

import json
from typing import Any

from leverwatch.agent.web.api import systems_json
from tests.agent.exporter import samples


def document() -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(systems_json(samples.systems()))
    return decoded


def test_before_an_evaluation_there_is_no_system_and_no_time() -> None:
    assert json.loads(systems_json(None)) == {
        "evaluated_at": None,
        "thresholds": None,
        "undeclared_dropped": 0,
        "systems": [],
    }


def test_every_system_is_listed_with_its_exact_name() -> None:
    found = document()

    assert found["evaluated_at"] == "2026-03-31T00:05:00Z"
    assert found["undeclared_dropped"] == 3
    assert [s["system"] for s in found["systems"]] == [v.system for v in samples.systems().systems]


def test_a_verdict_comes_with_its_reasons_and_evidence() -> None:
    [grown] = [s for s in document()["systems"] if s["system"] == "checkout-helper"]

    assert (grown["declared_strategy"], grown["recommended_strategy"]) == ("prompt_engineering", "hybrid")
    assert (grown["status"], grown["mismatch"], grown["changed_on"]) == ("decided", True, "2026-03-10")
    assert [reason["code"] for reason in grown["reasons"]] == ["decided_by_volume", "mismatch"]
    assert [e["rule"] for e in grown["evidence"]] == [
        "volume_low",
        "volume_mid",
        "volume_high",
        "frequent_changes",
        "locked_in_behavior",
    ]
    assert grown["volume"]["monthly_inferences"] == 112_400_000.5
    assert grown["volume"]["crossings"][-1] == {"day": "2026-03-10", "previous": "low", "band": "mid"}
    assert grown["prompt_changes"] == {"modified": 14, "added": 2}


def test_unknown_is_null() -> None:
    [unseen] = [s for s in document()["systems"] if s["system"] == "voice-notes"]

    for key in ("recommended_strategy", "mismatch", "rule", "month_to_date_inferences", "prompt_changes_per_week"):
        assert unseen[key] is None
    assert unseen["volume"]["monthly_inferences"] is None


def test_an_assessment_has_every_part_and_says_which_could_not_be_worked_out() -> None:
    by_name = {s["system"]: s["assessment"] for s in document()["systems"]}
    known, failed = by_name["checkout-helper"], by_name["mail-sorter"]

    assert known["economics"]["outcome"] == "cheaper"
    assert known["economics"]["inputs"]["training_usd"]["origin"] == "configured"
    assert known["outlook"]["outlooks"][1]["expected"] == "2026-05-11"
    assert known["baseline"]["outcome"] == "worse"
    assert known["shutdowns"][0]["shutdown"] == "2026-04-20"
    assert known["would_change"][0]["rule"] == "volume_high"
    assert failed["economics"] == failed["review"] == {"unavailable": "not worked out"}
    assert failed["agreement"] == "not_compared"
    assert by_name["answer-bot"]["baseline"] is None
    assert by_name["voice-notes"] is None
