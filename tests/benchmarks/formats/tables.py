"""Records of tables of one's own, a row each."""

from __future__ import annotations

import csv
import io

from tests.benchmarks.formats.call import Call, Lines

COLUMNS = {
    "time": "ts", "request_id": "id", "model": "model", "status": "status", "input_tokens": "in",
    "cached_input_tokens": "cached", "output_tokens": "out", "cost_usd": "usd", "latency_ms": "ms",
}  # fmt: skip
HEADER = "ts,id,app,model,status,in,cached,out,usd,ms,"


def _cells(call: Call, text: str) -> list[object]:
    status = "error" if call.failed else "ok"
    numbers = (call.taken, call.cached, call.output, call.cost, call.ms)
    return [call.iso(), call.id, call.system, call.model, status, *numbers, text]


def bare(call: Call) -> Lines:
    """A row without any text, as most are."""
    yield ",".join(map(str, _cells(call, "")))


def quoted(call: Call) -> Lines:
    """A row with the texts of the call, quoted as they have quotes and line breaks."""
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(_cells(call, f"{call.prompt}\n{call.answer}"))
    yield row.getvalue()
