"""Tables as databases and programs export them, and documents."""

from __future__ import annotations

import json
from random import Random

from .spreadsheets import table
from .style import Truth, iso, style, truth, whole_seconds
from .traffic import traffic


@style("mysql-tabs", "calls.tsv", errors="error status", ms="duration_ms")
def mysql(rng: Random, number: int) -> tuple[str, Truth]:
    calls = whole_seconds(traffic(rng, number))
    rows = (
        (
            i,
            f"{c.at:%Y-%m-%d %H:%M:%S}",
            c.model,
            c.app,
            *((c.input, c.output) if c.ok else ("\\N", "\\N")),
            c.ms,
            "\\N" if c.ok else "rate_limited",
        )
        for i, c in enumerate(calls, 1)
    )
    header = ("id", "created_at", "model", "team", "prompt_tokens", "completion_tokens", "duration_ms", "error")
    return table(header, rows, delimiter="\t"), truth(calls, "input output ms")


@style("pipes-and-comments", "nightly.txt", errors="rc", cost="usd")
def pipes(rng: Random, number: int) -> tuple[str, Truth]:
    """Comment lines stand before the header and between the rows."""
    calls = traffic(rng, number)
    out = ["# nightly dump of model usage", "# host: batch-3", "ts|model|tok_in|tok_out|usd|rc"]
    for index, c in enumerate(calls):
        if index and index % 40 == 0:
            out.append(f"# page {index // 40 + 1}")
        usage = (str(c.input), str(c.output), f"{c.cost:.6f}") if c.ok else ("", "", "")
        out.append("|".join((iso(c), c.model, *usage, "ok" if c.ok else "error")))
    return "\n".join(out) + "\n", truth(calls, "input output cost")


@style("line-breaks-in-quotes", "transcript.csv", errors="status", ms="latency_ms")
def line_breaks(rng: Random, number: int) -> tuple[str, Truth]:
    """What was asked stands in the table, with line breaks, commas and quotes."""
    calls = traffic(rng, number)
    asked = ('Dear team,\nmy order "42" is late.\n\nBest', "two\nlines", 'plain, with "quotes"', "a;b\tc\r\nd")
    rows = (
        (iso(c), c.model, rng.choice(asked), c.input, c.output, c.ms, "success" if c.ok else "error")
        for c in calls
    )
    header = ("timestamp", "model", "prompt", "prompt_tokens", "completion_tokens", "latency_ms", "status")
    return table(header, rows), truth(calls, "input output ms")


@style("header-again-and-again", "all-days.csv", errors="status", cost="cost_usd")
def repeated_header(rng: Random, number: int) -> tuple[str, Truth]:
    """Somebody put the exports of several days one behind the other."""
    calls = traffic(rng, number)
    header = ("time", "model", "input_tokens", "output_tokens", "cost_usd", "status")
    parts = []
    for start in range(0, len(calls), 35):
        rows = (
            (iso(c), c.model, c.input, c.output, c.cost, "ok" if c.ok else "failed")
            for c in calls[start : start + 35]
        )
        parts.append(table(header, rows))
    return "".join(parts), truth(calls, "input output cost")


@style("column-added-later", "growing.csv", errors="outcome", cached="column columns", calls="column columns")
def added_column(rng: Random, number: int) -> tuple[str, Truth]:
    """From some row on there is one more value, of which the header knows nothing."""
    calls = traffic(rng, number)
    header = ("when", "model", "tokens_in", "tokens_out", "outcome")
    rows = [
        (
            iso(c),
            c.model,
            c.input,
            c.output,
            "success" if c.ok else "failure",
            *((rng.randrange(5),) if i > 80 else ()),
        )
        for i, c in enumerate(calls)
    ]
    return table(header, rows), truth(calls, "input output")


@style("join-with-equal-names", "join.csv", errors="status", calls="id", model="model name", time="created_at")
def equal_names(rng: Random, number: int) -> tuple[str, Truth]:
    """A join of three tables, each with an `id` and a `name`."""
    calls = traffic(rng, number)
    header = ("id", "name", "id", "created_at", "model", "input_tokens", "output_tokens", "status", "id", "name")
    rows = (
        (
            rng.randrange(1, 9),
            "Ada",
            1000 + i,
            f"{c.at:%Y-%m-%d %H:%M:%S.%f+00}",
            c.model,
            c.input,
            c.output,
            "success" if c.ok else "error",
            3,
            "welcome",
        )
        for i, c in enumerate(calls)
    )
    return table(header, rows), truth(calls, "input output")


@style("mongo-array", "dump.json", errors="status", ms="latencyMs", time="createdAt")
def mongo(rng: Random, number: int) -> tuple[str, Truth]:
    """Numbers and times are objects of their own, in an array on many lines."""
    calls = traffic(rng, number)
    documents = [
        {
            "_id": {"$oid": c.id + "00000000"},
            "createdAt": {"$date": iso(c)},
            "llm": {"model": c.model, "vendor": "openai"},
            "usage": {"prompt": {"$numberLong": str(c.input)}, "completion": {"$numberLong": str(c.output)}}
            if c.ok
            else None,
            "latencyMs": {"$numberInt": str(c.ms)},
            "status": "success" if c.ok else "error",
        }
        for c in calls
    ]
    return json.dumps(documents, indent=2), truth(calls, "input output ms")


@style("sql-dump", "backup.sql", calls="INSERT SQL")
def sql_dump(rng: Random, number: int) -> tuple[str, Truth]:
    calls = whole_seconds(traffic(rng, number, failing=0))
    out = [
        "-- MySQL dump 10.13",
        "CREATE TABLE `llm_calls` (`id` bigint, `created_at` datetime, `model` varchar(80),",
        "  `prompt_tokens` int, `completion_tokens` int);",
    ]
    out += [
        f"INSERT INTO `llm_calls` VALUES ({i},'{c.at:%Y-%m-%d %H:%M:%S}','{c.model}',{c.input},{c.output});"  # noqa: S608
        for i, c in enumerate(calls)
    ]
    return "\n".join(out) + "\n", truth(calls, "input output")


@style("day-or-month", "one-day.csv", expected="doubt", day="month days")
def day_or_month(rng: Random, number: int) -> tuple[str, Truth]:
    """One day, the fifth of June or the sixth of May."""
    first = whole_seconds(traffic(rng, 1))[0].at.replace(year=2026, month=6, day=5, hour=0, minute=0, second=0)
    calls = whole_seconds(traffic(rng, number, days=1, first=first, failing=0))
    rows = ((f"{c.at:%d/%m/%Y %H:%M:%S}", c.model, c.input, c.output) for c in calls)
    return table(("timestamp", "model", "input_tokens", "output_tokens"), rows), truth(calls, "input output")
