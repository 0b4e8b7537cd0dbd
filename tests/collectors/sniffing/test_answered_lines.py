"""Lines of a program that tell of prompts, of what was generated for them, and of models that failed."""

from __future__ import annotations

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess

from .proposed import said


def log(*forms: str, times: str = "2026-08-0{day} 14:{n:02}:07,118") -> bytes:
    lines = (form.format(at=times.format(day=2 + n // 4, n=n), n=n) for n in range(7) for form in forms)
    return "".join(f"{line}\n" for line in lines).encode()


def found_in(data: bytes) -> FieldGuess | None:
    found = guess(data, "plain")
    return None if found is None else found.fields


@pytest.mark.parametrize(
    ("asked", "answered", "failed"),
    [
        ("{at} INFO app.llm: User prompt: list {n}", "{at} INFO app.llm: Generated SQL:\nSELECT {n};",
         "{at} WARNING app.llm: Model openai/gpt-oss-20b failed: 429"),
        ("{at} - api - INFO - Full prompt (12 chars): go", "{at} - api - INFO - LLM raw response: ok",
         "{at} - api - ERROR - Model gpt-4o-mini timed out after 30 s"),
        ("[{at}] Sending prompt: go", "[{at}] Generated code:\nprint({n})", "[{at}] LLM 'claude-3-haiku' errored"),
        ("{at} [INFO] Query: what is {n}?", "{at} [INFO] Gemini answer (draft): none",
         "{at} [WARN] provider=gemini-2.0-flash is rate-limited"),
    ],
)  # fmt: skip
def test_what_was_generated_is_a_call_and_a_model_that_failed_a_failed_one(
    asked: str, answered: str, failed: str
) -> None:
    found = found_in(log(asked, failed, answered))
    assert found is not None
    assert found.fields == {"time": "time", "model": "model",
                            "status": {"path": "error", "error": {"present": True}}}  # fmt: skip
    assert "each of the 7 lines" in said(found, "inferences")
    assert "the 7 lines that say that a model failed" in said(found, "status")
    assert "has no zone" in said(found, "time")
    alone = found_in(log(asked, answered, times="2026-08-0{day}T14:{n:02}:07Z"))
    assert alone is not None
    assert alone.fields == {"time": "time"}
    assert "has no zone" not in said(alone, "time")


@pytest.mark.parametrize(
    "forms",
    [
        ("{at} INFO db: Query: SELECT {n}", "{at} INFO db: result: 3 rows"),
        ("{at} INFO build: Generated code: 12 files",),
        (
            "{at} INFO app: Question: {n}",
            "{at} WARN app: Model Corolla failed inspection",
            "{at} Generated text: x",
        ),
    ],
)
def test_lines_without_questions_or_models_are_no_calls(forms: tuple[str, ...]) -> None:
    assert found_in(log(*forms)) is None
