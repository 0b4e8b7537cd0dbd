"""Finds calls that count as successes, though what they answered is nothing, or says that they failed. Pure."""

from __future__ import annotations

import re

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.invariants.amounts import amounts, stands_for_many

_ANSWERS = (
    "response", "answer", "reply", "completion", "output", "responsetext", "outputtext", "answertext", "result",
    "responsepreview", "outputpreview", "antwort", "reponse", "respuesta",
)  # fmt: skip
_FAILED = re.compile(
    r"\W{0,4}(?:api ?|llm ?|http ?)?(?:errors?\b|exception\b|traceback\b|failed\b|failure\b|rate ?limit"
    r"|timed? ?out\b|[45]\d\d (?:client|server|error|too many|bad|internal))",
    re.IGNORECASE,
)
_SEEN = 80
_MINORITY = 0.5


def doubt_answers(draft: Draft) -> None:
    """Say which records answer nothing or an error, where no field tells how the calls ended."""
    if stands_for_many(draft) or "status" in draft.paths:
        return
    failed = _saying(draft)
    taken, given = amounts(draft, "input_tokens"), amounts(draft, "output_tokens")
    models = draft.column("model")
    of = {} if models is None else models.by_record
    # What never answers is something else than a generator.
    answering = {of.get(at) for at, number in given.items() if number > 0}
    none = {at for at, number in given.items() if number == 0 and taken.get(at, 0) > 0 and of.get(at) in answering}
    none -= failed
    if none and len(none) <= _MINORITY * len(given) and "operation" not in draft.paths:
        draft.doubt(
            "status",
            f"{len(none)} records have input and no output tokens, and count as calls that succeeded; if these"
            f" failed, there are {len(none)} fewer inferences and as many errors",
        )


def _saying(draft: Draft) -> set[int]:
    for path, column in draft.columns.of.items():
        if not is_called(_ANSWERS, path[-1:]) or not draft.is_free(path):
            continue
        failed = {
            at
            for at, text in column.by_record.items()
            if isinstance(text, str) and _FAILED.match(text[:_SEEN].lstrip())
        }
        if failed and len(failed) <= _MINORITY * len(draft.columns):
            draft.doubt(
                "status",
                f"{len(failed)} records have a text in {draft.spell(path)} that begins as an error does, and count"
                f" as calls that succeeded; if these failed, there are {len(failed)} fewer inferences and as many"
                " errors",
            )
            return failed
    return set()
