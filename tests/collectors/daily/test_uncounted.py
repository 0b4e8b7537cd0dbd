from __future__ import annotations

from collections import Counter
from datetime import date

from leverwatch.collectors.daily.sums import Group
from leverwatch.collectors.daily.uncounted import uncounted, without_system

DAY = date(2026, 11, 26)


def test_sums_without_a_system_are_told_by_the_models_that_they_are_of() -> None:
    named: list[tuple[str | None, str]] = [("shop", "small"), (None, "small"), (None, "small"), (None, "large")]
    groups = [Group(DAY, {"model": model, "input_tokens": 5.0}, (system,)) for system, model in named]
    groups.append(Group(DAY, {"output_tokens": 5.0}, (None,)))

    found, nameless = uncounted(groups, lambda template: None if template[0] is None else str(template[0]), 10)

    assert [(it.system, it.model, it.input_tokens) for it in found] == [("shop", "small", 5)]
    assert without_system(nameless) == (
        "the system has no name for 4 sums of tokens, whose calls are unknown, of small, large, unknown"
    )


def test_few_models_are_named_and_the_others_counted() -> None:
    many = Counter({f"m{number}": 9 - number for number in range(8)})

    assert without_system(many).endswith("of m0, m1, m2, m3, m4 and 3 more")
