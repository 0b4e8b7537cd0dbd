from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.connection import shown_address

CANARY = "canary-4711"


def config(**settings: Any) -> SqlConfig:
    given = {
        "name": "db", "type": "sql", "url": "postgresql://u@h/d", "table": "calls", "system": "bot",
        "fields": {"time": "at"}, **settings,
    }  # fmt: skip
    return SqlConfig.model_validate({name: value for name, value in given.items() if value is not None})


def test_the_source_is_registered_under_its_type_name() -> None:
    assert source_types()["sql"].name == "sql"


def test_a_source_counts_usage_of_its_system_and_waits_for_others() -> None:
    found = config(authoritative=True)

    assert found.counts_usage()
    assert found.is_authoritative()
    assert found.waits_for_others()
    assert found.declared_systems() == {"bot"}
    assert config(system="{team}").declared_systems() == frozenset()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"table": None}, "needs one of `table` and `statement`"),
        ({"statement": "SELECT 1"}, "needs one of `table` and `statement`"),
        ({"table": None, "statement": "DELETE FROM calls"}, "must begin with SELECT"),
        ({"url": "oracle://u@h/d"}, "names no database that can be read; these can: postgresql, mariadb"),
        ({"url": "no url"}, "is no database URL"),
        ({"distinct": True}, "distinct needs fields.request_id"),
        ({"fields": {"time": "a.b"}}, "must be a column"),
        ({"fields": {"time": ["a", "b"]}}, "must be a column"),
        ({"fields": {"time": {"path": "at", "format": "%d.%m.%Y"}}}, "a statement can turn it into a time"),
        ({"fields": {"time": {"path": "at", "unit": "ms"}}, "time_is": "s"}, "use one of them"),
        ({"fields": {"time": "at", "trace_id": "t"}}, "distinct traces of two questions do not add up"),
        ({"fields": {"time": "at", "sample_rate": "r"}}, "`inferences` says for how many calls a row stands"),
        ({"fields": {"time": "at", "input_tokens": {"path": "n", "of_session": "s"}}}, "a table has none"),
        (
            {
                "fields": {
                    "time": "at",
                    "input_tokens": "n",
                    "cached_input_tokens": {"path": "c", "stands": "beside", "total": "t"},
                }
            },
            "a statement can say what includes what",
        ),
        ({"fields": {"time": "at", "cost_usd": {"path": "n", "decimal": ","}}}, "a statement can make numbers"),
        ({"fields": {"time": "at", "latency": {"path": "n", "unit": "text"}}}, "texts that say their own unit"),
        ({"fields": {"time": "at", "input_tokens": ["+a", "b"]}}, "begin with +"),
        ({"fields": {"time": "at", "cached_input_tokens": {"path": "a", "stands": "beside"}}}, "is not mapped"),
        ({"fields": {"time": "at", "latency": "t"}}, "needs a unit"),
        ({"timeout": "0s"}, "must be more than 0s"),
        ({"only": {"a..b": 1}}, "a path is keys joined by dots"),
        ({"not": {"a": []}}, "is an empty list"),
        ({"fields": {"time": "at", "model": "a..b"}}, "a path is keys joined by dots"),
        ({"fields": {"time": "at", "tokens": "n"}}, "Extra inputs are not permitted"),
        ({"system": "{a..b}"}, "a path is keys joined by dots"),
        ({"url": f"postgresql://u:{CANARY}@h/d", "password_file": "p"}, "one password too many"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**settings)

    assert reason in str(caught.value)
    assert CANARY not in str(caught.value)


def test_an_address_is_shown_without_anything_that_may_be_secret() -> None:
    found = config(url=f"postgresql://user-{CANARY}:{CANARY}@db.internal:5433/usage?options={CANARY}")

    assert shown_address(found.address) == "postgresql://db.internal:5433/usage"
    assert CANARY not in repr(found)
