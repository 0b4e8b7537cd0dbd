"""In which money, and in which part of it, a cost is: by its name, by the signs of its values, by their size."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


def proposed(cost: dict[str, Any], **more: Any) -> FieldGuess:
    records = [
        {"at": f"2026-02-03T08:{n:02}:07Z", "model": "m", "input_tokens": 400 + (n * 37) % 90,
         "output_tokens": 60 + (n * 11) % 50, **{key: value(n) for key, value in cost.items()}, **more}
        for n in range(30)
    ]  # fmt: skip
    found = propose([leaves(record) for record in records])
    assert found is not None
    return found


def said(found: FieldGuess) -> str:
    return "\n".join(note for note in found.notes if note.startswith("cost_usd"))


def usual(n: int) -> float:
    return 0.002 + (n * 7 % 13) / 10_000


@pytest.mark.parametrize(
    ("name", "per", "unit"),
    [
        ("price_cents", 100, "cents"), ("spendInCents", 100, "cents"), ("charge_in_usd_cents", 100, "cents"),
        ("amount_usd_cents", 100, "cents"),
        ("spend_micros", 1e6, "micros"),
        ("priceMicroUsd", 1e6, "micros"), ("charge_in_microdollars", 1e6, "micros"),
        ("total_microdollars", 1e6, "micros"), ("cost_nano_usd", 1e9, "nanos"), ("price_milliusd", 1e3, "millis"),
    ],
)  # fmt: skip
def test_a_name_says_in_which_part_of_a_dollar_a_cost_is(name: str, per: float, unit: str) -> None:
    found = proposed({name: lambda n: round(usual(n) * per, 4)})

    assert found.fields["cost_usd"] == {"path": name, "unit": unit}
    assert ("is taken for" in said(found)) is ("usd" not in name.lower() and "dollar" not in name)


def test_an_object_of_costs_says_it_too() -> None:
    found = proposed({"cost": lambda n: {"micros": int(usual(n) * 1e6), "label": "x"}})

    assert found.fields["cost_usd"] == {"path": "cost.micros", "unit": "micros"}


@pytest.mark.parametrize(
    "name", ["price_eur_cents", "cost_eur", "kosten_euro", "price_in_pence", "cost_millicents"]
)
def test_the_cents_of_another_currency_are_not_mapped_and_that_is_said(name: str) -> None:
    found = proposed({name: usual})

    assert "cost_usd" not in found.fields
    assert not name.startswith(("price_eur", "cost_", "kosten")) or "which no setting turns into" in said(found)


def test_a_size_that_is_no_price_of_a_token_is_doubted_with_what_it_could_be_in() -> None:
    much = proposed({"cost_usd": lambda n: int(usual(n) * 1e6)})
    little = proposed({"cost_nanos": usual})

    assert "which is much in US dollars; by its size it could be in micros or nanos" in said(much)
    assert "which is little in nanos of US dollars" in said(little)
    assert "or US dollars" in said(little)
    assert "which is" not in said(proposed({"cost_usd": usual}))


@pytest.mark.parametrize(
    ("write", "more"),
    [
        ("${:.5f}", {}), ("US$ {:.5f}", {}), ("{:.5f} USD", {}), ("US$1,{:.0f}00.50", {"thousands": ","}),
    ],
)  # fmt: skip
def test_a_cost_with_the_sign_of_dollars_is_read_and_needs_no_doubt_of_its_money(
    write: str, more: dict[str, str]
) -> None:
    found = proposed({"Cost": lambda n: write.format(usual(n)) if n % 5 else ""})

    assert found.fields["cost_usd"] == {"path": "Cost", **more, "dollar_sign": True}
    assert "is taken for" not in said(found)


@pytest.mark.parametrize(
    ("write", "money"),
    [
        ("{:.4f} €", "EUR"),
        ("1.{:.0f}34,50 €", "EUR"),
        ("£{:.4f}", "GBP"),
        ("CHF {:.4f}", "CHF"),
        ("C${:.4f}", "C\\$"),
    ],
)
def test_a_cost_with_another_sign_is_not_mapped_and_its_currency_is_said(write: str, money: str) -> None:
    found = proposed({"Cost": lambda n: write.format(usual(n))})

    assert "cost_usd" not in found.fields
    assert f"Cost is in {money.replace(chr(92), '')} by the signs of its values" in said(found)


@pytest.mark.parametrize(
    "path",
    [
        "response_cost", "request_cost", "completion_cost", "total_cost", "spend", "costUsd", "cost.total",
        "meta.response_cost", "usage.spend", "billing.total_cost", "spend.usd", "response.cost",
    ],
)  # fmt: skip
def test_the_cost_of_a_response_or_a_request_is_that_of_the_call(path: str) -> None:
    *above, key = path.split(".")
    found = proposed({above[0]: lambda n: {key: usual(n)}} if above else {key: usual})

    assert found.fields["cost_usd"] == path


def test_the_costs_of_prompt_and_completion_are_added_up() -> None:
    found = proposed({"prompt_cost": usual, "completion_cost": usual})
    in_cents = proposed({"prompt_cost_cents": usual, "completion_cost_cents": usual})
    signed = proposed(
        {"prompt_cost": lambda n: f"${usual(n):.4f}", "completion_cost": lambda n: f"${usual(n):.4f}"}
    )

    assert found.fields["cost_usd"] == ["prompt_cost", "+completion_cost"]
    assert in_cents.fields["cost_usd"]["unit"] == "cents"
    assert signed.fields["cost_usd"] == {"path": ["prompt_cost", "+completion_cost"], "dollar_sign": True}


def test_the_cost_of_the_output_alone_is_no_cost_of_a_call() -> None:
    assert "cost_usd" not in proposed({"output_cost": usual}).fields


@pytest.mark.parametrize(
    ("unit", "named"), [("cents", "cents"), ("microdollars", "micros"), ("USD_NANOS", "nanos")]
)
def test_a_field_for_the_unit_beside_a_cost_says_what_it_is_in(unit: str, named: str) -> None:
    inside = proposed({"charge": lambda n: {"amount": usual(n), "unit": unit}})
    beside = proposed({"price": usual, "price_unit": lambda _: unit})

    assert inside.fields["cost_usd"] == {"path": "charge.amount", "unit": named}
    assert beside.fields["cost_usd"] == {"path": "price", "unit": named}


def test_a_cost_of_several_units_or_of_an_unknown_one_is_not_mapped_and_one_of_dollars_is() -> None:
    several = proposed({"price": usual, "price_unit": lambda n: ("cents", "USD")[n % 2]})
    unknown = proposed({"price": usual, "price_unit": lambda _: "tokens"})
    dollars = proposed({"price": usual, "price_unit": lambda _: "USD"})

    assert "cost_usd" not in several.fields
    assert "price is in several units" in said(several)
    assert "cost_usd" not in unknown.fields
    assert dollars.fields["cost_usd"] == "price"
    assert "is taken for" not in said(dollars)


def test_a_cost_that_grows_with_the_tokens_of_each_call_is_no_sum_so_far() -> None:
    records = [
        {"at": f"2026-02-03T08:{n:02}:07Z", "model": "m", "session_id": "s", "input_tokens": 400 + 160 * n + n * n,
         "output_tokens": 90 - n, "cost": (400 + 160 * n + n * n) * 3e-6 + (90 - n) * 15e-6} for n in range(9)
    ]  # fmt: skip
    found = propose([leaves(it) for it in records])

    assert found is not None
    assert found.fields["cost_usd"] == "cost"


def test_a_sum_so_far_of_costs_is_one_though_calls_take_more_and_more() -> None:
    total, records = 0.0, []
    for n in range(9):
        total += (400 + 60 * n) * 3e-6 + (90 - n) * 15e-6
        records.append({"at": f"2026-02-03T08:{n:02}:07Z", "model": "m", "session_id": "s",
                        "input_tokens": 400 + 60 * n, "output_tokens": 90 - n, "cost": total})  # fmt: skip
    found = propose([leaves(it) for it in records])

    assert found is not None
    assert found.fields["cost_usd"] == {"path": "cost", "of_session": "session_id"}


def test_a_cost_that_is_told_is_taken_before_its_estimate() -> None:
    found = proposed({"estimated_cost_usd": usual, "real_cost_usd": lambda n: usual(n) + 0.0001})

    assert found.fields["cost_usd"] == "real_cost_usd"
