"""Any history of one document, against a plain count of the calls that its versions had."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leverwatch.collectors.errors import SourceIncomplete
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench
from tests.collectors.sources.files.test_rewritten import table
from tests.examples import examples

STEP = st.tuples(
    st.sampled_from(
        ["grows", "grows", "last says more", "first is dropped", "is turned round", "is written anew"]
    ),
    st.integers(0, 3),
    st.floats(0, 1),
    st.sampled_from([None, True, False]),
)
FIELDS = {"time": "ts", "input_tokens": "n", "request_id": "id"}
_SHAPES: dict[str, dict[str, Any]] = {
    "array": {"framing": "json"},
    "objects": {"framing": "json"},
    "csv": {},
    "array in a document": {
        "framing": "json",
        "records": "calls",
        "fields": {name: f"calls.{path}" for name, path in FIELDS.items()},
    },
    "times as keys": {
        "framing": "json",
        "records": "sums.*",
        "repeats": "versions",
        "fields": {"time": "key.1", "input_tokens": "sums.*.n", "request_id": "key.all"},
    },
}
KINDS = {
    kind: config(
        path="*.json",
        format={"type": "csv" if kind == "csv" else "jsonl", "fields": FIELDS} | more,
        system="s",
        dedupe_window="0s",
    )
    for kind, more in _SHAPES.items()
}
COLUMNS = ["ts", "n", "id"]


def written(kind: str, records: list[dict[str, Any]], layout: int) -> bytes:
    if kind == "csv":
        return table(records, [COLUMNS, ["a", *COLUMNS], [*COLUMNS, "b"], ["a", *COLUMNS, "b"]][layout])
    indent = [None, 1, 2, 4][layout]
    if kind == "array in a document":
        return json.dumps({"calls": records, "size": len(records)}, indent=indent).encode()
    if kind == "times as keys":
        return json.dumps(
            {"version": 1, "sums": {it["ts"]: {"n": it["n"]} for it in records}}, indent=indent
        ).encode()
    if kind == "array":
        return json.dumps(records, indent=indent).encode() + b"\n" * (layout % 2)
    return b"\n".join(json.dumps(it, indent=indent).encode() for it in records) + b"\n" * (layout % 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [80, 1 << 20], ids=["small pieces", "at once"])
@given(steps=st.lists(STEP, min_size=1, max_size=12))
@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_call_counts_once_with_what_was_said_of_it_last(
    tmp_path_factory: pytest.TempPathFactory,
    chunk: int,
    kind: str,
    steps: list[tuple[str, int, float, bool | None]],
) -> None:
    folder = tmp_path_factory.mktemp("versions")
    bench, path = Bench(folder, KINDS[kind]), folder / "calls.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", chunk)
        said = follow(bench, path, kind, steps)

    (counted,) = bench.store.counted().values()
    assert counted == len(said)
    assert bench.store.input_tokens == sum(said.values())


def follow(
    bench: Bench, path: Path, kind: str, steps: list[tuple[str, int, float, bool | None]]
) -> dict[str, int]:
    """Write and collect the versions that the steps make; the tokens that each call had at last."""
    records: list[dict[str, Any]] = []
    said: dict[str, int] = {}
    turned = False
    for number, (step, layout, share, crash) in enumerate(steps):
        if step == "grows" or len(records) < 2:
            new = {"ts": f"2026-03-{1 + number:02d}T08:00:00Z", "n": 10, "id": f"c{number}"}
            records = [new, *records] if turned else [*records, new]
        elif step == "last says more" and turned:
            records = [{**records[0], "n": records[0]["n"] + 1}, *records[1:]]
        elif step == "last says more":
            records = [*records[:-1], {**records[-1], "n": records[-1]["n"] + 1}]
        elif step == "first is dropped":
            records = records[:-1] if turned else records[1:]
        elif step == "is turned round":
            records, turned = records[::-1], not turned
        data = written(kind, records, layout)
        path.write_bytes(data[: int(share * len(data))])
        for _ in range(2):
            with suppress(SourceIncomplete):
                if crash is not None:
                    bench.crash(1, crash)
                bench.collect()
            path.write_bytes(data)
        said |= {it["ts"]: it["n"] for it in records}

    return said
