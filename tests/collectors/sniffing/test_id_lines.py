"""Lines of text that begin a call and name its model, joined with those that end it by the id in both."""

from __future__ import annotations

from collections import Counter

import pytest

from leverwatch.collectors.records.formats.interface import Repeats
from tests.collectors.sniffing.proposed import of_text
from tests.collectors.sniffing.test_failures_beside import rows_of

NUMBER = 12
MODELS = ("claude-sonnet-4-5", "gpt-4o-mini")
FORMS = {
    "arrows": (
        " - cl - INFO - -> {id} attempt=1 model={m}",
        " - cl - INFO - <- {id} 200 in_tokens={i} out_tokens={o}",
        " - cl - WARNING - <- {id} 503 giving up",
    ),
    "brackets": (
        " INFO [{id}] asking {m} with 3 messages",
        " INFO [{id}] answered: {i} prompt tokens, {o} completion tokens",
        " ERROR [{id}] RateLimitError: slow down",
    ),
    "a word before the id": (
        " request {id} to {m} sent",
        " request {id} done, tokens: {i} in / {o} out",
        " request {id} failed: overloaded",
    ),
}


def id_of(n: int) -> str:
    return f"{7 + n * 7919 % 9000:04x}d{n:02}"


def written(forms: tuple[str, str, str], *, failing: frozenset[int] = frozenset(), again: bool = False) -> str:
    """Calls of which two run at a time, and of which some fail; these are tried again with the same id, or not."""
    lines = []
    for n in range(NUMBER):
        values = {"id": id_of(n), "m": MODELS[n % 2], "i": 300 + n * 37 % 211, "o": 40 + n * 13 % 57}
        begun, good, bad = (form.format(**values) for form in forms)
        at = 2 * n
        lines.append((at, begun))
        if n in failing:
            lines += [(at + 3, bad), *([(at + 3, begun), (at + 5, good)] if again else [])]
        else:
            lines.append((at + 3, good))
    lines.sort(key=lambda it: it[0])
    return "".join(f"2026-03-05 09:{at:02}:11,218{line}\n" for at, line in lines)


@pytest.mark.parametrize("name", FORMS)
def test_lines_with_one_id_are_versions_of_a_call_whose_model_the_first_names(name: str) -> None:
    text = written(FORMS[name], failing=frozenset({4, 9}))
    found = of_text(text)
    calls = Counter((it["request_id"], it["model"]) for it in rows_of(text))

    assert found.repeats is Repeats.VERSIONS
    assert calls == {(id_of(n), it): 1 for n in range(NUMBER) for it in (MODELS[n % 2], None)}
    assert sum(it["output_tokens"] or 0 for it in rows_of(text)) == sum(
        40 + n * 13 % 57 for n in range(NUMBER) if n not in {4, 9}
    )
    assert "2 lines that tell of an error with the id of a call end it as a failed one" in " ".join(found.notes)


def test_a_failure_that_is_tried_again_with_its_id_is_a_call_of_its_own() -> None:
    text = written(FORMS["arrows"], failing=frozenset({4, 9}), again=True)
    alone = [it for it in rows_of(text) if it["request_id"] is None]

    assert [(it["model"], it["status"]) for it in alone] == [(None, "error")] * 2
    assert "and they count under one that is unknown" in " ".join(of_text(text).notes)


@pytest.mark.parametrize(("old", "new"), [("{id}] asking", "a1-{id}] asking"), ("answered", "{m} answered")])
def test_lines_with_other_ids_or_a_model_in_both_are_not_joined(old: str, new: str) -> None:
    begun, good, bad = (form.replace(old, new) for form in FORMS["brackets"])

    assert of_text(written((begun, good, bad))).repeats is Repeats.CALLS
