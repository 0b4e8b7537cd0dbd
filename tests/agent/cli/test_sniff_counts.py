"""Logs in the styles of those who write their own are counted exactly by what sniff prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from leverwatch.agent.cli.main import main
from tests.collectors.sniffing.test_own_logs import CALLS, SESSION_IN, SESSION_OUT, USED, Call, logged


def table(*cells: Callable[[Call], Any], head: str) -> str:
    rows = [";".join(str(cell(call)) for cell in cells) for call in CALLS]
    return "\n".join([head, *rows]) + "\n"


def lines(write: Callable[[Call], Any]) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in logged(write))


GOOD = [call for call in CALLS if not call.failed]
WHOLE = (len(CALLS), 0, sum(it.taken for it in CALLS), sum(it.given for it in CALLS))
SOME = (len(GOOD), len(CALLS) - len(GOOD), sum(it.taken for it in GOOD), sum(it.given for it in GOOD))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (lines(lambda it: [{"ts": it.ts, "event": "request", "id": it.n, "model": "m"},
                           {"ts": it.ts, "event": "failed", "id": it.n, "model": "m"} if it.failed else
                           {"ts": it.ts, "event": "response", "id": it.n, "model": "m", **USED(it)}]), SOME),
        (lines(lambda it: {"ts": it.ts, "model": "m",
                           **({"error": f"broke at {it.n}"} if it.failed else USED(it))}), SOME),
        (lines(lambda it: {"ts": it.ts, "session": it.session, "model": "m", "tokens_in": SESSION_IN(it),
                           "tokens_out": SESSION_OUT(it)}), WHOLE),
        (lines(lambda it: {"ts": it.ts, "model": "m", "usage": {
            "input_tokens": it.taken - it.cached, "cache_read_input_tokens": it.cached,
            "output_tokens": it.given}}), WHOLE),
        (lines(lambda it: {"ts": it.ts, "model": "m", **(USED(it) if it.n < 25 else
                           {"input_tokens": it.taken, "output_tokens": it.given})}), WHOLE),
        (lines(lambda it: [{"ts": it.ts, "note": "served"}, {"ts": it.ts, "model": "m", **USED(it)}]), WHOLE),
        (table(lambda it: it.at.strftime("%d.%m.%Y"), lambda it: it.at.strftime("%H:%M"), lambda _: "m",
               lambda it: f"{it.taken:,}".replace(",", "."), lambda it: it.given,
               head="Datum;Uhrzeit;Modell;Eingabe-Token;Ausgabe-Token"), WHOLE),
        (table(lambda it: it.ts[:10], lambda _: "m", lambda _: 50, lambda it: it.n % 3, lambda it: it.taken,
               lambda it: it.given, head="day;model;requests;failed_requests;input_tokens;output_tokens"),
         (50 * len(CALLS) - sum(it.n % 3 for it in CALLS), sum(it.n % 3 for it in CALLS), *WHOLE[2:])),
    ],
    ids=["pairs", "error texts", "sums so far", "cached beside", "renamed", "other lines", "a German sheet",
         "days"],
)  # fmt: skip
def test_what_sniff_proposes_counts_exactly(tmp_path: Path, text: str, right: tuple[int, ...]) -> None:
    path = tmp_path / "calls.log"
    path.write_text(text)
    result = CliRunner().invoke(main, ["sniff", str(path), "--format", "json"])

    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert tuple(facts[name] for name in ("inferences", "errors", "input_tokens", "output_tokens")) == right
