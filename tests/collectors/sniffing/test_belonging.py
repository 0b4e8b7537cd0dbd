"""A table with a time, a `model` and a price is no usage log for that alone."""

from __future__ import annotations

import pytest

from leverwatch.collectors.sniffing.sniff import guess, refusal


def _table(head: str, *cells: str) -> bytes:
    rows = [
        ",".join([f"2026-08-{1 + n % 28:02} 1{n % 10}:20:41", *(it.split()[n % len(it.split())] for it in cells)])
        for n in range(60)
    ]
    return "\n".join([head, *rows, ""]).encode()


@pytest.mark.parametrize(
    "data",
    [
        _table("sold_at,model,price,plate,outcome", "Titan Yaris Opus", "17000 21500", "A1 B2 C3", "won lost"),
        _table("date,Model,cost,status", "iPhone-14 Pixel-8", "89.5 120 45", "repaired scrapped"),
        _table("time,modelo,precio,pedidos", "silla mesa", "40 55", "3 1 7"),
        b"".join(
            f'{{"ts": "2026-08-02T05:{n:02}:00Z", "model": "rotor-b", "price": {n}, "state": "new"}}\n'.encode()
            for n in range(30)
        ),
    ],
    ids=["trucks", "telephones", "furniture", "machines"],
)  # fmt: skip
def test_other_things_with_a_model_are_refused_with_what_was_found(data: bytes) -> None:
    assert guess(data, "plain") is None
    why = refusal(data)
    assert "time found in" in why
    assert "model found in" in why
    assert "no tokens" in why
    assert "looks like a model of a provider: this is no usage log" in why


@pytest.mark.parametrize(
    "data",
    [
        _table("date,model,cost,status", "gpt-5-mini house-alias", "0.01 0.02", "ok failed"),
        _table("date,model,price,finish_reason", "alias", "0.01", "stop length"),
        _table("date,model,cost,prompt", "alias other", "0.01", "hi there"),
        _table("date,deployment_model,spend", "amazon.titan-text-express-v1", "0.3"),
    ],
    ids=["a name", "a reason", "a prompt", "a name of a cloud"],
)
def test_calls_of_models_without_tokens_are_still_a_usage_log(data: bytes) -> None:
    assert guess(data, "plain") is not None


def test_durations_of_things_without_tokens_are_doubted() -> None:
    found = guess(_table("date,model,duration_ms,cost", "Drill Saw", "900 1200 1700", "12 15"), "plain")

    assert found is not None
    assert found.fields is not None
    assert any("may be no calls of models at all" in note for note in found.fields.notes)
