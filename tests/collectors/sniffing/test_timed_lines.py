"""Lines of text that tell how long something took, and name who serves the model."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import guess


def log(lines: list[str], at: str = "[2026-04-0{} 09:14:07] ") -> bytes:
    return "".join(f"{at.format(n % 9 + 1)}{line}\n" for n, line in enumerate(lines)).encode()


def fields_of(data: bytes) -> dict[str, Any]:
    found = guess(data, "plain")
    assert found is not None
    assert found.fields is not None
    assert any(note.startswith("inferences: each of the ") for note in found.fields.notes)
    return dict(found.fields.fields)


FAILED = "Ticket 4 sorting failed: could not connect to Ollama."
LOGS = {
    "milliseconds": [f"Ticket {n} sorted: urgent (70%) in {3000 + n}ms." for n in range(5)] + [FAILED],
    "two forms": ["Ticket 1: urgent; 4100ms.", "Ticket 2 sorted in 3100 ms", "Mail 3: calm; 2900ms", FAILED],
    "seconds": [f"Carta {n} lista, {n + 2}.5s" for n in range(4)] + ["Carta 9: fallo de OpenAI"],
    "a start": ["using Gemini", *(f"Seite {n} fertig nach {n + 3} Sekunden".lower() for n in range(4))],
}


@pytest.mark.parametrize("name", LOGS)
def test_each_line_with_a_duration_is_a_call_and_each_failure_a_failed_one(name: str) -> None:
    fields = fields_of(log(LOGS[name]))

    assert fields["time"] == "time"
    assert "latency_ms" in fields or fields["latency"]["unit"] == "s"
    assert ("status" in fields) is (name != "a start")


NONE = {
    "nobody who serves models": [f"Ticket {n} sorted in {3000 + n}ms" for n in range(5)],
    "too fast": [f"ollama-proxy GET /page/{n} in {n}ms" for n in range(5)],
    "few lines of many": [f"Ollama page {n}" for n in range(9)] + [f"done in {3000 + n}ms" for n in range(3)],
}


@pytest.mark.parametrize("name", NONE)
def test_other_durations_are_no_calls(name: str) -> None:
    assert guess(log(NONE[name]), "plain") is None
