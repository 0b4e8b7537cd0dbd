"""Invented eval results, in leverwatch's own format."""

from __future__ import annotations

import json
from datetime import date, timedelta

_CASES = 400

# System, model, metric, days before the last day, passed cases. The tuned model of contract-extraction got better
# at clauses, and its format misses the target whatever the prompts say. Nobody evaluated claims-triage before it
# was tuned.
_RESULTS = (
    ("contract-extraction", "atlas-mini", "clause_accuracy", 82, 304),
    ("contract-extraction", "atlas-mini", "format_adherence", 100, 366),
    ("contract-extraction", "atlas-mini-contracts", "clause_accuracy", 70, 352),
    ("contract-extraction", "atlas-mini-contracts", "format_adherence", 70, 364),
    ("contract-extraction", "atlas-mini-contracts", "clause_accuracy", 18, 356),
    ("contract-extraction", "atlas-mini-contracts", "format_adherence", 18, 365),
    ("claims-triage", "atlas-mini-claims", "severity_accuracy", 110, 331),
    ("claims-triage", "atlas-mini-claims", "severity_accuracy", 9, 330),
)


def eval_lines(last_day: date) -> str:
    """Return the text of a file with one line for each result.

    Args:
        last_day: the last complete day of the demo; the dates of the results are counted back from it.
    """
    return "".join(
        json.dumps(
            {
                "ts": f"{last_day - timedelta(days=age)}T16:20:00Z",
                "system": system,
                "model": model,
                "suite": f"{system}-golden",
                "metric": metric,
                "value": passed / _CASES,
                "n": _CASES,
                "passed": passed,
            }
        )
        + "\n"
        for system, model, metric, age, passed in _RESULTS
    )
