"""Files that are no usage logs, though some of their names look like it."""

from __future__ import annotations

from random import Random

from .spreadsheets import table
from .style import Truth, iso, lines, style
from .traffic import traffic


@style("car-sales", "sales.csv", expected="refused")
def cars(rng: Random, number: int) -> tuple[str, Truth]:
    rows = (
        (
            f"{c.at:%Y-%m-%d}",
            rng.choice(("Corolla", "Golf", "Model 3")),
            rng.randrange(9000, 60000),
            rng.randrange(200000),
            rng.choice(("sold", "returned")),
        )
        for c in traffic(rng, number)
    )
    return table(("date", "model", "price", "mileage", "status"), rows), {}


@style("web-application", "web.jsonl", expected="refused")
def web(rng: Random, number: int) -> tuple[str, Truth]:
    records = (
        {
            "timestamp": iso(c),
            "level": "info",
            "msg": "request",
            "method": "GET",
            "path": "/cart",
            "status": 200,
            "duration_ms": rng.randrange(90),
            "bytes_in": rng.randrange(900),
            "bytes_out": rng.randrange(90000),
            "request_id": c.id,
        }
        for c in traffic(rng, number)
    )
    return lines(records), {}
