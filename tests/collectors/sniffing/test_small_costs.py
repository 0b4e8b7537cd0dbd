"""Records that tell nothing of a call but what it cost."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import leaves, propose
from tests.collectors.sniffing.proposed import found_in, said

NUMBER = 6


def amount(n: int) -> float:
    return round(0.0061237 * (1 + n * 7 % 5) + n * 1e-6, 6)


def records(**of: Any) -> list[dict[str, Any]]:
    """Return records with a time, and with what each function returns."""
    return [
        {"at": f"2026-03-01T10:{n:02}:00Z", **{name: make(n) for name, make in of.items()}} for n in range(NUMBER)
    ]


@pytest.mark.parametrize(
    ("some", "path"),
    [
        (records(usd=amount, what=lambda _: "label", rows=lambda _: 20), "usd"),
        (records(cost_usd=lambda n: str(amount(n)), step=lambda n: f"s{n % 2}", took_s=lambda _: 1.2), "cost_usd"),
        (records(cost=lambda n: {"usd": amount(n)}, stage=lambda _: "draft"), "cost.usd"),
        (records(cost_usd=amount, budget_usd=lambda _: 2.5), "cost_usd"),
        (records(cost_dollars=amount, job=lambda n: f"nightly-{n}"), "cost_dollars"),
    ],
)
def test_small_and_fine_amounts_of_dollars_are_calls_with_a_question(
    some: list[dict[str, Any]], path: str
) -> None:
    found = found_in(some)

    assert found.fields["cost_usd"] == path
    assert f"nothing beside {path}" in said(found, "inferences")
    assert f"{NUMBER} records of the sample count as one call each" in said(found, "inferences")


@pytest.mark.parametrize(
    "some",
    [
        records(usd=lambda n: 3.5 + n / 4, what=lambda _: "coffee"),
        records(usd=amount, kind=lambda _: "sms"),
        records(cost_usd=amount, kwh=lambda n: 0.1 * n),
        records(cost_usd=lambda _: 0.0075),
        records(cost_usd=amount, ratio=lambda n: n / 7),
        [it | {"at": f"2026-03-0{n + 1}"} for n, it in enumerate(records(cost_usd=amount))],
        records(loss=amount),
    ],
)
def test_other_amounts_are_no_calls(some: list[dict[str, Any]]) -> None:
    assert propose([leaves(it) for it in some]) is None
