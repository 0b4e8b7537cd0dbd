"""Which id says that a record was delivered twice."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


def proposed(ids: list[dict[str, Any]], again: int = 0) -> FieldGuess:
    """Return what is proposed; so many records come again, a few lines later."""
    records = [
        {
            **id_,
            "at": f"2026-05-06T07:{n:02}:00Z",
            "model": "m",
            "input_tokens": 90 + n * 7 % 41,
            "out_tokens": 5 + n,
        }
        for n, id_ in enumerate(ids)
    ]
    for at in range(9, 9 + 11 * again, 11):
        records.insert(at, records[at - 4])
    found = propose([leaves(record) for record in records])
    assert found is not None
    return found


def numbered(name: str, shared: str | None = None) -> list[dict[str, Any]]:
    return [{name: f"e-{n:03}", **({shared: f"u{n % 4}"} if shared else {})} for n in range(40)]


@pytest.mark.parametrize(
    "name", ["event_id", "deliveryId", "message_id", "record-id", "idempotency_key", "webhook_guid"]
)
def test_the_id_of_a_record_that_came_again_with_the_same_content_is_that_of_the_call(name: str) -> None:
    found = proposed(numbered(name, "customer_key"), again=3)

    assert found.fields["request_id"] == name
    assert not any(note.startswith("inferences") for note in found.notes)


def test_an_id_that_says_it_is_of_one_record_is_mapped_before_any_came_again() -> None:
    assert proposed(numbered("event_id")).fields["request_id"] == "event_id"


@pytest.mark.parametrize("name", ["customer_id", "tenant_key", "batch_id"])
def test_an_id_of_something_else_is_not_mapped_for_being_different_in_a_few_records(name: str) -> None:
    assert "request_id" not in proposed(numbered(name)).fields


def test_an_id_that_different_records_share_is_not_that_of_a_record() -> None:
    found = proposed([{"event_id": f"e-{n // 2:03}"} for n in range(40)], again=3)

    assert "request_id" not in found.fields
    assert any("no id tells whether they are the same call" in note for note in found.notes)
