from __future__ import annotations

import pytest

from leverwatch.agent.framework.model_names import spellings


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", [("gpt-4o", None)]),
        ("openai/gpt-4o", [("openai/gpt-4o", None), ("gpt-4o", "openai")]),
        ("r/o/m", [("r/o/m", None), ("o/m", "r"), ("m", "o")]),
        ("/m", [("/m", None)]),
        ("openai/", [("openai/", None)]),
    ],
)
def test_a_model_is_looked_up_by_its_name_and_then_without_each_provider(
    model: str, expected: list[tuple[str, str | None]]
) -> None:
    assert list(spellings(model)) == expected
