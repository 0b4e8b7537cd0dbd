"""Other tools doing the same roll-up of the same log, each on one core, written as its own manual advises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.contestants import SUMS, Reading, Rollup

_DUCKDB = """
with records as (
    select *, cast(cast(ts as timestamp) as date) as day, status = 'success' as ok
    from {rows}
)
select app, response.model, day,
    count(*) filter (where ok), count(*) filter (where not ok),
    coalesce(sum(usage.prompt_tokens) filter (where ok), 0),
    coalesce(sum(usage.prompt_tokens_details.cached_tokens) filter (where ok), 0),
    coalesce(sum(usage.completion_tokens) filter (where ok), 0),
    coalesce(sum(cost), 0), coalesce(sum(duration_ms) filter (where ok), 0),
    count(*) filter (where ok and usage.prompt_tokens is null),
    count(*) filter (where ok and usage.prompt_tokens_details.cached_tokens is null),
    count(*) filter (where ok and usage.completion_tokens is null),
    count(*) filter (where ok and cost is null),
    count(*) filter (where ok and duration_ms is null)
from records group by all
"""
_COLUMNS = """{ts: 'VARCHAR', id: 'VARCHAR', app: 'VARCHAR', status: 'VARCHAR', duration_ms: 'DOUBLE',
    cost: 'DOUBLE', response: 'STRUCT(model VARCHAR)', usage: 'STRUCT(prompt_tokens BIGINT,
    completion_tokens BIGINT, prompt_tokens_details STRUCT(cached_tokens BIGINT))'}"""


def _duckdb(path: Path, rows: str) -> Reading:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    source = f"read_json('{path}', format = 'newline_delimited', columns = {_COLUMNS})"
    query = _DUCKDB.format(rows=rows.format(source=source))

    def read() -> Rollup:
        found = connection.sql(query).fetchall()
        return {f"{row[0]} {row[1]} {row[2]}": [float(value) for value in row[3:]] for row in found}

    return read


def duckdb(path: Path) -> Reading:
    """DuckDB's read_json with given columns; duplicates count."""
    return _duckdb(path, "{source}")


def duckdb_dedupe(path: Path) -> Reading:
    """The same over distinct request ids of the whole file (of a system and outcome, as ours)."""
    return _duckdb(path, "(select distinct on (id, app, status) * from {source})")


def _polars(path: Path, *, distinct: bool) -> Reading:
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl

    usage = pl.Struct(
        {
            "prompt_tokens": pl.Int64,
            "completion_tokens": pl.Int64,
            "prompt_tokens_details": pl.Struct({"cached_tokens": pl.Int64}),
        }
    )
    text, number = pl.String, pl.Float64
    frame = pl.scan_ndjson(
        path,
        schema={
            "ts": text, "id": text, "app": text, "status": text, "duration_ms": number, "cost": number,
            "response": pl.Struct({"model": text}), "usage": usage,
        },
    )  # fmt: skip
    if distinct:
        frame = frame.unique(["id", "app", "status"])
    tokens = pl.col("usage").struct
    values = {
        "prompt": tokens.field("prompt_tokens"),
        "cached": tokens.field("prompt_tokens_details").struct.field("cached_tokens"),
        "completion": tokens.field("completion_tokens"),
        "cost": pl.col("cost"),
        "latency": pl.col("duration_ms"),
    }
    ok = pl.col("status") == "success"
    moment = pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us")
    query = frame.group_by(
        pl.col("app"), pl.col("response").struct.field("model"), moment.dt.date().alias("day")
    ).agg(
        ok.sum().alias("inferences"),
        (~ok).sum().alias("errors"),
        *(value.filter(ok).sum().alias(name) for name, value in values.items() if name != "cost"),
        values["cost"].sum().alias("cost"),
        *((value.is_null() & ok).sum().alias(f"no {name}") for name, value in values.items()),
    )
    order = ["inferences", "errors", *values, *(f"no {name}" for name in values)]
    order = ["inferences", "errors", "prompt", "cached", "completion", "cost", "latency", *order[7:]]

    def read() -> Rollup:
        return {
            f"{row['app']} {row['model']} {row['day']}": [float(row[name]) for name in order]
            for row in query.collect(engine="streaming").iter_rows(named=True)
        }

    return read


def polars(path: Path) -> Reading:
    """Polars' scan_ndjson with a schema, on its streaming engine; duplicates count."""
    return _polars(path, distinct=False)


def polars_dedupe(path: Path) -> Reading:
    """The same over distinct request ids of the whole file."""
    return _polars(path, distinct=True)


_JQ = """[.app, .response.model, .ts[0:10], .status, .usage.prompt_tokens,
    .usage.prompt_tokens_details.cached_tokens, .usage.completion_tokens, .cost, .duration_ms] | @tsv"""
_AWK = r"""BEGIN { FS = "\t" }
{
    k = $1 " " $2 " " $3; keys[k]
    if ($8 != "") s[k, 8] += $8
    if ($4 != "success") { e[k]++; next }
    n[k]++
    for (i = 5; i <= 9; i++) if ($i == "") u[k, i]++; else if (i != 8) s[k, i] += $i
}
END { for (k in keys) {
    printf "%s\t%d\t%d", k, n[k], e[k]
    for (i = 5; i <= 9; i++) printf "\t%.17g", s[k, i]
    for (i = 5; i <= 9; i++) printf "\t%d", u[k, i]
    print ""
} }"""


def jq(path: Path) -> Reading:
    """The `jq` program projects the fields and awk adds them up: jq's own reduce is 25 times slower."""

    def read() -> Rollup:
        with subprocess.Popen(["jq", "-r", _JQ, str(path)], stdout=subprocess.PIPE) as project:
            done = subprocess.run(["awk", _AWK], stdin=project.stdout, capture_output=True, text=True, check=True)
        rows = (line.split("\t") for line in done.stdout.splitlines())
        return {key: [float(value) for value in values] for key, *values in rows}

    return read


_MTAIL_NAMES = SUMS[:-1]  # the latency is always known
_MTAIL = r"""
%(declare)s
/^{"ts":"(?P<day>[^T]*)T[^"]*","id":"[^"]*","app":"(?P<app>[^"]*)","status":"(?P<status>[a-z]*)",/ +
/"duration_ms":(?P<ms>[0-9]+),"cost":(?P<cost>[^,]*),"response":{"model":"(?P<model>[^"]*)"},/ {
    $cost != "null" {
        cost_usd[$app][$model][$day] += float($cost)
    }
    $status != "success" {
        errors[$app][$model][$day]++
    }
    $status == "success" {
        inferences[$app][$model][$day]++
        latency_ms[$app][$model][$day] += $ms
        $cost == "null" {
            unpriced[$app][$model][$day]++
        }
        /"usage":{"prompt_tokens":(?P<prompt>[0-9]+),"completion_tokens":(?P<completion>[0-9]+),/ +
        /"prompt_tokens_details":{"cached_tokens":(?P<cached>[0-9]+)}}/ {
            input_tokens[$app][$model][$day] += $prompt
            cached_input_tokens[$app][$model][$day] += $cached
            output_tokens[$app][$model][$day] += $completion
        } else {
            unknown_input[$app][$model][$day]++
            unknown_cached[$app][$model][$day]++
            unknown_output[$app][$model][$day]++
        }
    }
}
"""


def mtail(path: Path) -> Reading:
    """The `mtail` program in one-shot mode, with regular expressions made for this log's order of keys."""
    program = path.with_suffix(".mtail")
    declare = "\n".join(f"counter {name} by app, model, day" for name in _MTAIL_NAMES)
    program.write_text(_MTAIL % {"declare": declare})
    command = ["mtail", "-one_shot", "-logtostderr", "-progs", str(program), "-logs", str(path)]

    def read() -> Rollup:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: Rollup = {}
        for (metric,) in json.loads(done.stdout).values():
            at = SUMS.index(metric["Name"])
            for entry in metric.get("LabelValues") or ():
                row = found.setdefault(" ".join(entry["Labels"]), [0.0] * len(SUMS))
                row[at] = float(entry["Value"]["Value"])
        return found

    return read


def is_there(name: str) -> bool:
    """Whether a peer is installed."""
    from importlib.util import find_spec

    program = name.removesuffix("_dedupe")
    return shutil.which(program) is not None if program in {"jq", "mtail"} else find_spec(program) is not None
