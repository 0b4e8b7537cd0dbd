from __future__ import annotations

from typing import Any

from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.tells import told_by, unknown_to
from tests.collectors.sources.files.logs import config, csv_config


def sql(**settings: Any) -> SqlConfig:
    given = {"name": "db", "url": "postgresql://h/d", "system": "bot", **settings}
    return SqlConfig.model_validate(given)


def test_a_log_tells_what_its_map_maps() -> None:
    mapped, table = config().tells(), csv_config().tells()

    assert (mapped.models, mapped.tokens, mapped.cached) == ("yes", "input, output", "read")
    assert (mapped.errors, mapped.latency, mapped.cost) == ("failed calls", "yes", "yes")
    assert list(unknown_to(table)) == ["models", "cached", "errors", "latency", "cost"]


def test_a_table_tells_what_its_columns_are_and_needs_no_other_permission() -> None:
    own = sql(
        table="public.calls", time_is="zoned", fields={"time": "at", "model": "m", "errors": "failed"}
    ).tells()
    preset = sql(preset="litellm-daily").tells()

    assert (own.permission, own.errors, own.tokens) == ("SELECT on public.calls", "failed attempts", "no")
    assert (preset.errors, preset.cost) == ("failed calls", "yes")
    assert preset.permission == ("SELECT on LiteLLM_DailyUserSpend, LiteLLM_VerificationToken, LiteLLM_TeamTable")


def test_what_a_source_cannot_tell_is_said_once() -> None:
    told = told_by({"model"}, "team", "each row", "1h", "SELECT", cannot=("cost", "retries"))

    assert list(unknown_to(told)) == ["tokens", "cached", "errors", "latency", "cost", "retries"]
