from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sources.sql.producers.filling import asked, explained, filled, insert
from tests.collectors.sources.sql.tables import Database, days, sums

WEEK = days("2026-11-16", "2026-11-22")
LAST = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) - 1
COUNTS = (
    "inferences", "errors", "input_tokens", "unknown_input", "cached_input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind that Open WebUI may have."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    yield Database(f"sqlite:///{tmp_path / 'webui.db'}", tmp_path)


def answer(number: int, usage: dict[str, Any] | None, chat: str = "c-1", **given: Any) -> dict[str, Any]:
    """An answer of a model; what it does not have is the word null of JSON, as Open WebUI writes it."""
    return {
        "id": f"{chat}-m{number}", "chat_id": chat, "user_id": "u-1", "role": "assistant", "model_id": "gpt-4o",
        "usage": "null" if usage is None else usage, "error": "null", "done": True, "created_at": LAST, **given,
    }  # fmt: skip


def chats() -> dict[str, Any]:
    openai = {
        "input_tokens": 1000, "output_tokens": 80, "prompt_tokens": 600, "completion_tokens": 50, "cost": 0.5,
        "prompt_tokens_details": {"cached_tokens": 640},
    }  # fmt: skip
    unknown = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    rows = [
        answer(1, None, role="user", model_id=None),
        answer(2, openai),
        answer(3, openai, created_at=LAST + 1),
        answer(4, openai, created_at=LAST * 1000 + 999),
        answer(5, None, error={"content": "upstream"}),
        answer(6, unknown),
        answer(7, None, done=False),
        answer(8, {"prompt_eval_count": 7, "eval_count": 3, "total_duration": 5_000_000}, model_id="llama3"),
        answer(9, openai, model_id="helper", chat="c-2"),
    ]
    copies = [{**row, "id": row["id"].replace("c-1", "c-3"), "chat_id": "c-3"} for row in rows[:8]]
    return {
        "chat": [
            {"id": "c-1", "user_id": "u-1", "folder_id": None},
            {"id": "c-2", "user_id": "u-1", "folder_id": "f-1"},
            {"id": "c-3", "user_id": "u-2", "folder_id": None},
        ],
        "folder": [{"id": "f-1", "user_id": "u-1", "name": "Contracts"}],
        "model": [
            {"id": "helper", "name": "Helper", "base_model_id": "gpt-4o"},
            {"id": "llama3", "name": "Llama", "base_model_id": None},
        ],
        "chat_message": rows + copies,
    }


def test_answers_count_once_however_often_a_chat_was_copied(database: Database) -> None:
    filled(database, "open-webui", chats())

    found = asked(database, "open-webui", WEEK)

    assert sums(found.usage, *COUNTS) == {
        ("open-webui", "gpt-4o", "generation", "2026-11-20"): (4, 1, 2000, 2, 1280, 160, 1),
        ("open-webui", "gpt-4o", "generation", "2026-11-21"): (1, 0, 1000, 0, 640, 80, 0.5),
        ("open-webui", "llama3", "generation", "2026-11-20"): (1, 0, 7, 0, 0, 3, 0),
        ("Helper", "gpt-4o", "generation", "2026-11-20"): (1, 0, 1000, 0, 640, 80, 0.5),
    }
    folders = asked(database, "open-webui", WEEK, system="{folder}")
    assert {it.system for it in folders.usage} == {"no folder", "Contracts"}


def test_an_answer_that_is_finished_later_has_its_tokens_then(database: Database) -> None:
    filled(database, "open-webui", chats() | {"chat_message": [answer(2, None, done=False)]})
    before = asked(database, "open-webui", WEEK)
    database.run("DELETE FROM chat_message")
    insert(database, "chat_message", [answer(2, {"input_tokens": 9, "output_tokens": 1})])

    after = asked(database, "open-webui", WEEK)

    assert [(it.inferences, it.input_tokens, it.unknown_input) for it in before.usage] == [(1, 0, 1)]
    assert [(it.inferences, it.input_tokens, it.unknown_input) for it in after.usage] == [(1, 9, 0)]


def test_the_days_of_answers_are_found_by_their_index(database: Database) -> None:
    filled(database, "open-webui", {})

    assert "created_at" in explained(database, "open-webui", WEEK)
