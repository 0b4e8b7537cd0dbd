from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import FIELDS, config, ingest, record

MAPPED = {name: path for name, path in FIELDS.items() if name != "trace_id"}
SETTINGS = config(format={"type": "jsonl", "fields": MAPPED})


def lines(seed: int, number: int) -> list[bytes]:
    """Records of several systems and days, some repeated, broken, without an id or refused."""
    chance = random.Random(seed)
    made: list[bytes] = []
    for at in range(number):
        values = {
            "ts": f"2026-03-{chance.randrange(8, 11):02}T0{chance.randrange(8)}:{chance.randrange(60):02}:00Z",
            "app": chance.choice(["x", "y", None]),
            "id": chance.choice([f"r{chance.randrange(number)}", at, None]),
            "status": chance.choice(["success", "success", "error", "perhaps"]),
            "usage": chance.choice([None, {"prompt_tokens": chance.randrange(100)}]),
            "cost": chance.randrange(64) / 64,
        }
        again = made[chance.randrange(at)] if at and chance.random() < 0.1 else record(**values)
        made.append(chance.choice([b"{broken\n", b"\n"]) if chance.random() < 0.05 else again)
    return made


@contextmanager
def spread(number: int) -> Iterator[Ingest]:
    made = ingest(SETTINGS)
    made.use_workers(number)
    try:
        yield made
    finally:
        made.use_workers(0)


def add(made: Ingest, chunks: list[list[bytes]]) -> Counted:
    first = 1
    for chunk in chunks:
        made.add(Lines(b"".join(chunk), "app.jsonl", first))
        first += len(chunk)
    return made.drain()


def by_cell(counted: Counted) -> dict[tuple[object, ...], list[float]]:
    # The costs are multiples of 1/64, so that their sum does not depend on its order.
    return {
        (row.system, row.model, row.operation, row.day): [getattr(row, name) for name in COLUMNS]
        for row in counted.usage
    }


def test_workers_count_what_one_thread_counts() -> None:
    chunks = [lines(seed, 400) for seed in range(12)]
    alone = ingest(SETTINGS)
    with spread(2) as shared:
        for part in (chunks[:7], chunks[7:]):
            one, two = add(alone, part), add(shared, part)

            assert by_cell(two) == by_cell(one)
            assert two.tallies == one.tallies
            assert two.tallies[Result.DUPLICATE] > 0
            assert two.tallies[Result.INVALID_LINE] > 0
            assert two.state == one.state
            assert (two.days_seen, two.newest_record) == (one.days_seen, one.newest_record)
            assert {problem.place for problem in two.problems} <= {
                f"app.jsonl:{line}" for line in range(1, 400 * 7 + 1)
            }


def test_an_unterminated_line_between_chunks_can_be_taken_back() -> None:
    partial = record(id="r1")[:-1]
    with spread(2) as made:
        made.add(Lines(record(id="a"), "app.jsonl", 1))
        made.add(Lines(partial, "app.jsonl", 2))
        made.retract(Lines(partial, "app.jsonl", 2))
        made.add(Lines(partial + b"\n", "app.jsonl", 2))
        counted = made.drain()

    assert sum(row.inferences for row in counted.usage) == 2


def test_chunks_are_counted_in_the_order_in_which_they_were_added() -> None:
    same = record(id="r1", ms=1)
    with spread(2) as made:
        for at in range(40):
            made.add(Lines(same.replace(b"1}", b"%d}" % (at + 1)) * (1 if at else 2000), "app.jsonl", 1))
        counted = made.drain()

    assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1999 + 39}
    assert [row.latency_ms for row in counted.usage] == [1.0]
