from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from leverwatch.agent.errors import StoreError
from leverwatch.agent.framework.model import (
    Band,
    Crossing,
    Declaration,
    Facts,
    PromptDivergence,
    PromptFacts,
    PromptOrigin,
    Reason,
    Rule,
    RuleEvidence,
    Status,
    Strategy,
    UsageFacts,
    Verdict,
    VolumeState,
)
from leverwatch.agent.store.schema import prompt_changes, record_tallies, usage_totals, verdicts
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.agent.store.stored_verdicts import FACTS, REVIEWED, VERDICT, dumped, loaded
from leverwatch.collectors.stored_state import Kind

DAY = date(2026, 3, 11)
NOW = datetime(2026, 3, 12, 9, 42, tzinfo=UTC)
FULL = Verdict(
    system="bot",
    as_of=DAY,
    strategy=Strategy.PROMPT_ENGINEERING,
    status=Status.PROVISIONAL,
    rule=Rule.VOLUME_LOW,
    reasons=(Reason("stale_usage_held", "no usage has been seen"),),
    evidence=(
        RuleEvidence(Rule.VOLUME_LOW, True, 39.5, 100_000_000, "inferences/month", "holds below 100M"),
        RuleEvidence(Rule.FREQUENT_CHANGES, None, None, 1.0, "days/week", "no source watches"),
    ),
    volume=VolumeState(
        39.5,
        24,
        date(2026, 2, 24),
        Band.LOW,
        date(2026, 2, 21),
        Band.MID,
        3,
        (Crossing(date(2026, 2, 21), Band.MID, Band.LOW),),
        monthly_low=39.5,
        monthly_high=39.5,
        certain=False,
    ),
    changes_per_week=None,
    declared=Strategy.HYBRID,
    mismatch=True,
    conflict=False,
    held=True,
    changed_on=date(2026, 2, 21),
)
_NOTHING_SETTLED = (
    '"frequency":{"frequent":null,"since":null,"per_week":null,"weeks":0,"candidate":null,"candidate_days":0,'
    '"first_settled":null,"crossings":[]}'
)
_TEXT = (
    '"system":"bot","as_of":"2026-03-11","strategy":"prompt_engineering","status":"provisional",'
    '"rule":"volume_low","reasons":[{"code":"stale_usage_held","text":"no usage has been seen"}],"evidence":['
    '{"rule":"volume_low","active":true,"value":39.5,"threshold":100000000,"unit":"inferences/month",'
    '"text":"holds below 100M"},{"rule":"frequent_changes","active":null,"value":null,"threshold":1.0,'
    '"unit":"days/week","text":"no source watches"}],"volume":{"monthly_inferences":39.5,"covered_days":24,'
    '"newest_day":"2026-02-24","band":"low","band_since":"2026-02-21","candidate":"mid","candidate_days":3,'
    '"crossings":[{"day":"2026-02-21","previous":"mid","band":"low"}]},"changes_per_week":null,'
    '"declared":"hybrid","mismatch":true,"conflict":false,"held":true,"changed_on":"2026-02-21"}'
)
_SECOND = (
    '{"version":2,'
    + _TEXT[:-1].replace('"band":"low"}]}', '"band":"low"}],"first_settled":null}')
    + f",{_NOTHING_SETTLED}}}"
)
GIVEN = Facts(
    "bot",
    DAY,
    UsageFacts({DAY: 1000.0}, ("daily",)),
    PromptFacts(True, date(2026, 1, 26), frozenset({date(2026, 1, 26)})),
    Declaration(Strategy.HYBRID, None, ("tone",)),
)
_FACTS = (
    '"system":"bot","as_of":"2026-03-11","usage":{"daily":{"2026-03-11":1000.0},"sources":["daily"],'
    '"overlapping":false},"prompts":{"watched":true,"first_change":"2026-01-26","active_days":["2026-01-26"]},'
    '"declaration":{"strategy":"hybrid","reviewed":null,"locked_in_behavior":["tone"]}}'
)
_NEW_VOLUME = ',"monthly_low":39.5,"monthly_high":39.5,"idle_days":[],"bounded_days":[],"certain":false}'
_THIRD = _SECOND.replace('"version":2', '"version":3').replace(
    '"first_settled":null}', '"first_settled":null' + _NEW_VOLUME, 1
)
_FOURTH = _THIRD.replace('"version":3', '"version":4').removesuffix("}") + ',"declared_on":null}'
_FACTS_2 = _FACTS.replace('"overlapping":false', '"overlapping":false,"alive_until":null,"incomplete":{}')
_NEW_PROMPTS = '"active_days":["2026-01-26"],"origin":"git","scattered":false,"divergence":null'
_FACTS_3 = _FACTS_2.replace('"active_days":["2026-01-26"]', _NEW_PROMPTS)
_FACTS_4 = _FACTS_3.replace('"incomplete":{}', '"incomplete":{},"unseen":""')
_FACTS_5 = _FACTS_4.replace('"unseen":""', '"former":[],"unseen":""')
VERSIONS: list[tuple[Kind[Any], object, tuple[str, ...]]] = [
    (VERDICT, FULL, ("{" + _TEXT, '{"version":1,' + _TEXT, _SECOND, _THIRD, _FOURTH)),
    (
        FACTS,
        GIVEN,
        (
            "{" + _FACTS,
            '{"version":1,' + _FACTS,
            '{"version":2,' + _FACTS_2,
            '{"version":3,' + _FACTS_3,
            '{"version":4,' + _FACTS_4,
            '{"version":5,' + _FACTS_5,
            '{"version":6,' + _FACTS_5,
        ),
    ),
]
"""Every version of what is stored, as the program of that version wrote it: these stay, and a new one is added."""


def test_what_was_compared_before_a_registry_could_be_was_compared_with_traffic() -> None:
    compared = '"divergence":{"never_served":[],"never_landed":["2026-02-01"]}'
    text = '{"version":5,' + _FACTS_5.replace('"divergence":null', compared)

    found = loaded(FACTS, "bot", text).prompts.divergence

    assert found == PromptDivergence((), (date(2026, 2, 1),), PromptOrigin.TRAFFIC)


@pytest.mark.parametrize(("kind", "value", "texts"), VERSIONS)
def test_a_text_of_every_version_is_read_and_the_newest_is_written(
    kind: Kind[Any], value: object, texts: tuple[str, ...]
) -> None:
    assert len(texts) == kind.version + 1 > 1
    assert REVIEWED.version == VERDICT.version
    for stored in texts:
        assert loaded(kind, "bot", stored) == value
    assert dumped(kind, value) == texts[-1]


def put(store: Store, stored: str, day: date = DAY) -> None:
    """A row as some version of the program wrote it."""
    with store.writing() as connection:
        row = {"system": "bot", "as_of": day, "evaluated_at": NOW, "confirmed_at": NOW, "status": "decided"}
        connection.execute(insert(verdicts).values(**row, verdict=stored, facts="{}"))


def test_verdicts_of_all_versions_stand_side_by_side(store: Store) -> None:
    for age, stored in enumerate(VERSIONS[0][2]):
        put(store, stored, DAY - timedelta(days=age))

    assert store.verdicts(DAY) == {"bot": FULL}
    assert store.verdicts(DAY - timedelta(days=1)) == {"bot": FULL}
    with store.history("bot", DAY) as history:
        assert [past.mismatch for past in history] == [True] * len(VERSIONS[0][2])


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (
            '{"version":5,"decision":{}}',
            "is of version 5, and this leverwatch knows none after 4; run the",
        ),
        (
            '{"version":1,' + _TEXT.replace('"strategy":', '"lever":'),
            "unknown field `lever`|`strategy`",
        ),
        ('{"version":1,' + _TEXT.replace('"mismatch":true,', ""), "missing required field `mismatch`"),
        ('{"version":1,' + _TEXT.replace("volume_low", "volume_tiny"), "Invalid enum value"),
        ('{"version":1,' + _TEXT[:-1], "malformed|truncated"),
    ],
)
def test_a_newer_or_damaged_verdict_is_an_error_that_says_where_and_what_to_do(
    store: Store, stored: str, reason: str
) -> None:
    put(store, stored)

    with pytest.raises(StoreError, match=rf"^store: verdicts of bot: the stored verdict .*({reason})"):
        store.verdicts(DAY)
    with (
        pytest.raises(StoreError, match=r"^store: verdicts of bot: the stored verdict "),
        store.history("bot", DAY) as history,
    ):
        list(history)
    with pytest.raises(StoreError, match=r"^store: verdicts of bot: the stored verdict "):
        store.at_review({"bot": DAY})
    assert store.trouble() is None, "the database itself is what it was"


@pytest.mark.parametrize(
    "field", ["covered_days", "monthly_inferences", "conflict", "held", "changed_on", "crossings"]
)
def test_no_default_stands_in_for_what_a_stored_verdict_lacks(store: Store, field: str) -> None:
    document = json.loads("{" + _TEXT)
    (document["volume"] if field in document["volume"] else document).pop(field)
    put(store, json.dumps(document))

    with pytest.raises(StoreError, match=f"missing required field `{field}`"):
        store.verdicts(DAY)


def test_words_of_a_newer_version_are_an_error_and_not_left_out(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(insert(record_tallies).values(source="gateway", result="folded", records=3))
        key = {"source": "gateway", "system": "bot", "model": "m", "operation": "video"}
        connection.execute(insert(usage_totals).values(**key, first_day=DAY, first_written=NOW))
        change = {"source": "prompts", "system": "bot", "change_id": "c", "landed_at": NOW, "kind": "merged"}
        connection.execute(insert(prompt_changes).values(**change, prompts=1, bulk=False))

    for word, ask in (
        ("'folded' is no result", store.tallies),
        ("'video' is no operation", lambda: store.totals(Scope(), 20)),
        ("'merged' is no changekind", store.prompt_totals),
        ("'merged' is no changekind", lambda: store.facts(DAY + timedelta(days=2), Scope())),
    ):
        with pytest.raises(StoreError, match=rf"^store: {word} that this leverwatch knows; run the version"):
            ask()


def test_a_row_of_the_audit_trail_is_json_of_its_own(store: Store) -> None:
    store.save_verdicts([(GIVEN, FULL)], {}, NOW)

    with store.reading() as connection:
        row = connection.execute(select(verdicts.c.verdict, verdicts.c.facts)).one()
    assert [json.loads(column)["version"] for column in row] == [4, 6]
    assert json.loads(row.verdict)["mismatch"] is True
