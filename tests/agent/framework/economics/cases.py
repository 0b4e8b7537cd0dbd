"""Facts for tests of the economics: constant traffic, known prices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price
from leverwatch.agent.framework.economics.assumptions import resolve
from leverwatch.agent.framework.economics.model import EconomicsFacts
from leverwatch.agent.framework.economics.traffic import Calls, DayCalls, TrafficMoments, traffic_moments

DAY = date(2026, 10, 4)
MINI = Price("gpt-4o-mini", input=0.15, output=0.60, cached_input=0.075)
LARGE = Price("gpt-4o", input=2.50, output=10.0, cached_input=1.25)
TUNED_MINI = Price("ft:gpt-4o-mini", input=0.30, output=1.20)
MONTH = 30.4375


def days(count: int = 28) -> list[date]:
    return [DAY - timedelta(days=age) for age in range(count)]


def calls(
    inferences: float,
    model: str = "m",
    *,
    static: float = 1000,
    dynamic: float = 200,
    output: float = 100,
    cached: float = 0.0,
    **more: Any,
) -> Calls:
    """Calls with these mean tokens; `cached` is a share of the static ones."""
    return Calls(
        model,
        inferences=inferences,
        input_tokens=(static + dynamic) * inferences,
        cached_input_tokens=static * cached * inferences,
        output_tokens=output * inferences,
        static_tokens=static * inferences,
        static_known=inferences,
        **{"attempts": inferences, **more},
    )


def traffic(*parts: Calls) -> TrafficMoments:
    """The same calls on each of 28 days."""
    return traffic_moments([DayCalls(day, part) for day in days() for part in parts], days(), DAY)


def facts(
    price: Price = MINI,
    monthly: float = 1e8,
    *,
    inputs: Mapping[str, Amount] | None = None,
    tuned: Price | None = None,
    name: str = "support-bot",
    **shape: Any,
) -> EconomicsFacts:
    """One model at `price`; per-token hosting when `tuned` is given, else dedicated."""
    return EconomicsFacts(
        system=name,
        as_of=DAY,
        monthly_inferences=monthly,
        traffic=traffic(calls(monthly / MONTH, **shape)),
        prices={"m": price},
        inputs=resolve(inputs or {}),
        hosting=Hosting.DEDICATED if tuned is None else Hosting.PER_TOKEN,
        tuned_price=tuned,
    )


def exactly(**values: float) -> dict[str, Amount]:
    return {name: Amount.exactly(value, Origin.CONFIGURED) for name, value in values.items()}
