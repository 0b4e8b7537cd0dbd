from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from leverwatch.collectors.sources.sql.config import ENGINES
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from tests.collectors.sources.sql.engines.cases import ADDRESSES
from tests.collectors.sources.sql.engines.environment import output_of

MEANT = {
    "table": "SchemaDiffers", "column": "SchemaDiffers", "type": "SchemaDiffers", "locked": "Locked",
    "permission": "PermissionRefused", "credentials": "CredentialsRefused", "unreachable": "Unreachable",
    "timeout": "TimedOut", "rate limit": "RateLimited",
}  # fmt: skip


@pytest.fixture(scope="module")
def told() -> list[list[Any]]:
    """What the errors of every driver mean."""
    return json.loads(output_of("refused"))  # type: ignore[no-any-return]


def test_an_error_of_every_driver_says_what_to_fix_and_quotes_nothing(told: list[list[Any]]) -> None:
    assert {dialect for dialect, *_ in told} == ADDRESSES.keys()
    assert [it for it in told if it[2] != MEANT[it[1]]] == []
    assert [it for it in told if "canary" in it[3]] == []


def test_an_error_that_sqlalchemy_does_not_know_is_known_for_one_of_a_driver(told: list[list[Any]]) -> None:
    assert [it for it in told if not it[4] and it[0] != "sqlserver"] == []


def test_every_engine_that_is_named_is_there() -> None:
    for name in ENGINES:
        assert engine_of(name).extra is not None
    assert {make_url(address).get_backend_name() for address in ADDRESSES.values()} <= set(ENGINES)
