from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import COUNTING_KINDS, OF_LABEL, ChangeKind, PromptChange
from leverwatch.collectors.sources.prompt_registry.following import Seen, follow, is_pattern, wanted
from leverwatch.collectors.sources.prompt_registry.interface import Served
from leverwatch.collectors.sources.prompt_registry.labels import LABELS, Labels

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
FIVE = timedelta(minutes=5)
ADDED, MODIFIED, REVERTED = ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.REVERTED
REMOVED, RENAMED, FIRST_SEEN = ChangeKind.REMOVED, ChangeKind.RENAMED, ChangeKind.FIRST_SEEN


class Registry:
    """Looks at labels every five minutes. A prompt is the text that its label is at; None: at nothing."""

    def __init__(self, *patterns: str, **more: list[str]) -> None:
        self.labels = Labels("", {}, {})
        self.systems = {"bot": list(patterns), **more}
        self.now = START

    def look(
        self, moved: dict[str, datetime] | None = None, *, listed: bool = True, **texts: Any
    ) -> list[PromptChange]:
        """One look at what is given; a prompt of `found` alone could not be read."""
        served = {
            name: None if text is None else Served(text, "v", (moved or {}).get(name))
            for name, text in texts.items()
            if text != "?"
        }
        known = {name for watched in self.labels.systems.values() for name in watched.history.present}
        changes = follow(
            self.labels, self.systems, Seen(self.now, served, frozenset({*texts, *known}), listed=listed)
        )
        # What is stored in between is what the next look knows.
        self.labels = LABELS.loads("test", LABELS.dumps(self.labels))
        self.now += FIVE
        return changes

    def kinds(self, **texts: Any) -> list[ChangeKind]:
        return [one.kind for one in self.look(**texts)]


def test_the_first_look_is_the_beginning_and_no_change() -> None:
    registry = Registry("a", "b")

    [first] = registry.look(a="1", b="2")

    assert (first.system, first.kind, first.landed_at, first.prompts) == ("bot", FIRST_SEEN, START, 2)
    assert FIRST_SEEN not in COUNTING_KINDS
    assert registry.look(a="1", b="2") == []


def test_a_label_that_goes_there_and_back_is_a_change_each_time() -> None:
    registry = Registry("a")
    registry.look(a="1")

    kinds = [registry.kinds(a=text) for text in ("2", "2", "1", "2", "3", "3")]

    assert kinds == [[MODIFIED], [], [REVERTED], [REVERTED], [MODIFIED], []]


def test_the_same_move_at_another_time_is_another_change() -> None:
    registry = Registry("a")
    registry.look(a="1")

    ids = [one.change_id for text in "2121" for one in registry.look(a=text)]

    assert len(set(ids)) == 4
    assert all(one.startswith(OF_LABEL) for one in ids)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        (None, START + 2 * FIVE),
        (START + FIVE + timedelta(minutes=2), START + FIVE + timedelta(minutes=2)),
        (START + 2 * FIVE, START + 2 * FIVE),
        # At the last look it was elsewhere, and what will be has not been.
        (START + FIVE, START + 2 * FIVE),
        (START - timedelta(days=30), START + 2 * FIVE),
        (START + 2 * FIVE + timedelta(seconds=1), START + 2 * FIVE),
    ],
)
def test_a_change_is_of_the_time_that_is_told_if_that_lies_between_two_looks(
    told: datetime | None, at: datetime
) -> None:
    registry = Registry("a")
    registry.look(a="1")
    registry.look(a="1")

    [change] = registry.look({} if told is None else {"a": told}, a="2")

    assert change.landed_at == at


def test_what_moves_at_one_moment_is_one_change_and_at_two_moments_two() -> None:
    registry = Registry("a", "b", "c")
    registry.look(a="1", b="2", c="3")
    early = START + timedelta(minutes=1)

    changes = registry.look({"a": early, "b": early}, a="4", b="5", c="6")

    assert [(one.landed_at, one.prompts) for one in changes] == [(early, 2), (START + FIVE, 1)]


def test_many_prompts_at_one_moment_are_bulk_and_one_change() -> None:
    names = [f"p{number}" for number in range(21)]
    registry = Registry(*names)
    registry.kinds(**dict.fromkeys(names, "1"))

    given: Any = dict.fromkeys(names, "2")
    [change] = registry.look(**given)

    assert (change.prompts, change.bulk) == (21, True)


def test_each_system_of_a_prompt_has_the_change() -> None:
    registry = Registry("a", other=["a"])
    registry.look(a="1")

    assert [one.system for one in registry.look(a="2")] == ["bot", "other"]


def test_a_label_that_is_gone_does_not_count_and_one_that_comes_back_does() -> None:
    registry = Registry("a")
    registry.look(a="1")

    assert registry.kinds(a=None) == [REMOVED]
    assert registry.kinds(a=None) == []
    assert registry.kinds(a="1") == [REVERTED]


def test_a_prompt_that_was_looked_for_and_not_there_is_new_when_it_comes() -> None:
    registry = Registry("a")

    assert registry.kinds(a=None) == []
    assert registry.kinds(a="1") == [ADDED]


def test_a_prompt_that_comes_to_fit_a_pattern_is_new() -> None:
    registry = Registry("x*")
    registry.look(xa="1")

    assert registry.kinds(xa="1", xb="2") == [ADDED]


@pytest.mark.parametrize("pattern", ["b", "b*"])
def test_what_the_settings_name_later_is_no_change_when_it_is_first_seen(pattern: str) -> None:
    registry = Registry("a")
    registry.look(a="1")
    registry.systems["bot"].append(pattern)

    assert registry.kinds(a="1", b="2") == []
    assert registry.kinds(a="1", b="3") == [MODIFIED]


def test_what_the_settings_name_again_is_no_change() -> None:
    registry = Registry("a", "b")
    registry.look(a="1", b="1")
    registry.systems["bot"] = ["a"]
    registry.look(a="1")
    registry.systems["bot"] = ["a", "b"]

    assert registry.kinds(a="1", b="2") == []


def test_the_first_text_of_a_prompt_that_could_not_be_read_is_no_change() -> None:
    registry = Registry("a*")

    registry.look(aa="1", ab="?")

    assert registry.kinds(aa="1", ab="?") == []
    assert registry.kinds(aa="1", ab="2") == []
    assert registry.kinds(aa="1", ab="3") == [MODIFIED]


def test_without_the_list_nothing_that_turns_up_later_is_new() -> None:
    registry = Registry("a", "b*")

    registry.look(listed=False, a="1")

    assert registry.kinds(a="1", bb="2") == []
    assert registry.kinds(a="1", bb="2", bc="3") == [ADDED]


def test_a_prompt_that_could_not_be_looked_at_is_not_gone() -> None:
    registry = Registry("a", "b")
    registry.look(a="1", b="1")

    assert registry.kinds(a="1") == []
    assert registry.kinds(a="1", b="2") == [MODIFIED]


@pytest.mark.parametrize("told", [False, True])
def test_a_prompt_with_another_name_is_the_same_prompt(told: bool) -> None:
    registry = Registry("a*")
    registry.look(aa="1", ab="9")
    registry.look(aa="2", ab="9")
    moved = {"ac": registry.now - timedelta(minutes=1)} if told else {}

    [change] = registry.look(moved, aa=None, ac="2", ab="9")

    assert change.kind is RENAMED
    assert registry.kinds(ab="9", ac="1") == [REVERTED]


def test_a_system_that_is_no_longer_named_is_forgotten() -> None:
    registry = Registry("a", other=["b"])
    registry.look(a="1", b="1")
    del registry.systems["other"]

    registry.look(a="1")

    assert set(registry.labels.systems) == {"bot"}
    assert set(registry.labels.looks) == {"a"}


@pytest.mark.parametrize(
    ("version", "kept"),
    [
        ("3", "3"),
        ("v1.12.0", "v1.12.0"),
        ("1f0c9a7", "1f0c9a7"),
        ("f" * 64, "f" * 64),
        ("", ""),
        ("You are a kind bot.", ""),
        ("Kind-bot-2", ""),
        ("7" * 65, ""),
    ],
)
def test_only_a_number_or_a_hash_of_a_version_is_kept(version: str, kept: str) -> None:
    labels = Labels("", {}, {})

    follow(labels, {"bot": ["a"]}, Seen(START, {"a": Served("1", version)}, frozenset({"a"})))

    assert labels.looks["a"].version == kept


def test_names_and_patterns() -> None:
    assert wanted(["a", "team/*"], ["a", "b", "team/x/y", "team"]) == {"a", "team/x/y"}
    assert [is_pattern(name) for name in ("a.b-c/d", "a*", "a?", "[ab]")] == [False, True, True, True]


@given(st.lists(st.sampled_from([None, "1", "2", "3"]), max_size=12))
def test_there_are_as_many_changes_as_times_that_another_text_came_to_be_served(texts: list[str | None]) -> None:
    registry = Registry("a")
    registry.look(a="0")

    counted = sum(kind in COUNTING_KINDS for text in texts for kind in registry.kinds(a=text))

    pairs = zip(["0", *texts], texts, strict=False)
    assert counted == sum(after is not None and after != before for before, after in pairs)
