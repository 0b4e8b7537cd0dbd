from __future__ import annotations

import pytest

from leverwatch.collectors.interface import ChangeKind, PromptChange
from leverwatch.collectors.prompts.history import Touched
from leverwatch.collectors.sources.git.history import History, apply_landing, newly_counted
from leverwatch.collectors.sources.git.log import Landing
from tests.collectors.sources.git.repo import START


class Prompts:
    """Landings on paths whose contents are single letters; an upper-case letter is the same text reformatted."""

    def __init__(self, bulk_above: int = 20) -> None:
        self.history = History.begun("", "")
        self._files: dict[str, str] = {}
        self._bulk_above = bulk_above

    def land(self, **files: str | None) -> list[PromptChange]:
        touched = [
            Touched(path, content and content.lower(), self._files.get(path) != content)
            for path, content in files.items()
        ]
        for path, content in files.items():
            if content is None:
                del self._files[path]
            else:
                self._files[path] = content
        return apply_landing(self.history, Landing("c", START, ()), {"bot": touched}, self._bulk_above)

    def kind(self, **files: str | None) -> ChangeKind | None:
        changes = self.land(**files)
        return changes[0].kind if changes else None


@pytest.fixture
def prompts() -> Prompts:
    return Prompts()


def test_each_kind_is_told_from_the_content(prompts: Prompts) -> None:
    assert prompts.kind(one="a") == ChangeKind.ADDED
    assert prompts.kind(one="b") == ChangeKind.MODIFIED
    assert prompts.kind(one="B") == ChangeKind.FORMATTING
    assert prompts.kind(one="a") == ChangeKind.REVERTED
    assert prompts.kind(one=None, two="a") == ChangeKind.RENAMED
    assert prompts.kind(two=None) == ChangeKind.REMOVED


def test_equal_bytes_are_nothing(prompts: Prompts) -> None:
    prompts.land(one="a")
    assert prompts.land(one="a") == []


def test_a_revert_is_found_across_renames(prompts: Prompts) -> None:
    prompts.land(one="a")
    prompts.land(one="b")
    prompts.land(one=None, two="b")
    prompts.land(two=None, three="b")
    assert prompts.kind(three="a") == ChangeKind.REVERTED


def test_the_versions_of_another_prompt_are_no_revert(prompts: Prompts) -> None:
    prompts.land(one="a", two="x")
    prompts.land(two="b")
    assert prompts.kind(one="b") == ChangeKind.MODIFIED


def test_a_path_that_was_moved_away_starts_anew(prompts: Prompts) -> None:
    prompts.land(one="a")
    prompts.land(one="b")
    prompts.land(one=None, two="b")
    assert prompts.kind(one="a") == ChangeKind.ADDED


def test_a_removed_prompt_that_comes_back_is_the_same_prompt(prompts: Prompts) -> None:
    prompts.land(one="a")
    prompts.land(one=None)
    assert prompts.kind(one="a") == ChangeKind.REVERTED
    prompts.land(one=None)
    assert prompts.kind(one="b") == ChangeKind.ADDED
    assert prompts.kind(one="a") == ChangeKind.REVERTED


def test_a_rename_with_an_edit_is_one_event_of_an_added_prompt(prompts: Prompts) -> None:
    prompts.land(one="a")
    (change,) = prompts.land(one=None, two="b")
    assert (change.kind, change.prompts) == (ChangeKind.ADDED, 2)


def test_a_copy_is_an_added_prompt(prompts: Prompts) -> None:
    prompts.land(one="a")
    assert prompts.kind(two="a") == ChangeKind.ADDED


def test_a_rename_that_reformats_is_a_rename(prompts: Prompts) -> None:
    prompts.land(one="a")
    assert prompts.kind(one=None, two="A") == ChangeKind.RENAMED


def test_content_that_overwrites_another_prompt_modifies_it(prompts: Prompts) -> None:
    prompts.land(one="a", two="b")
    (change,) = prompts.land(one=None, two="a")
    assert (change.kind, change.prompts) == (ChangeKind.MODIFIED, 2)


def test_equal_contents_that_move_together_are_paired_by_their_names(prompts: Prompts) -> None:
    prompts.land(**{"p/one": "a", "p/two": "b"})
    prompts.land(**{"p/one": "x", "p/two": "x"})
    (change,) = prompts.land(**{"p/one": None, "p/two": None, "q/two": "x", "q/one": "x"})

    assert (change.kind, change.prompts) == (ChangeKind.RENAMED, 2)
    assert prompts.kind(**{"q/one": "a"}) == ChangeKind.REVERTED
    assert prompts.kind(**{"q/two": "b"}) == ChangeKind.REVERTED


@pytest.mark.parametrize(
    ("landing", "kind"),
    [
        ({"m": "b", "new": "c", "r": "a", "gone": None, "f": "A"}, ChangeKind.MODIFIED),
        ({"new": "c", "r": "a", "gone": None, "f": "A"}, ChangeKind.ADDED),
        ({"r": "a", "gone": None, "f": "A"}, ChangeKind.REVERTED),
        ({"gone": None, "f": "A", "to": "x", "from": None}, ChangeKind.REMOVED),
        ({"f": "A", "to": "x", "from": None}, ChangeKind.RENAMED),
        ({"f": "A"}, ChangeKind.FORMATTING),
    ],
)
def test_the_most_telling_kind_names_the_landing(
    prompts: Prompts, landing: dict[str, str | None], kind: ChangeKind
) -> None:
    prompts.land(**{"m": "a", "r": "a", "gone": "d", "f": "a", "from": "x"})
    prompts.land(r="b")
    assert prompts.kind(**landing) == kind


def test_a_landing_above_the_limit_is_bulk_and_at_the_limit_it_is_not() -> None:
    prompts = Prompts(bulk_above=2)
    assert [change.bulk for change in prompts.land(one="a", two="a")] == [False]
    assert [(change.bulk, change.prompts) for change in prompts.land(x="a", y="b", z="c")] == [(True, 3)]


def test_the_same_transition_again_has_the_next_number(prompts: Prompts) -> None:
    prompts.land(one="a")
    ids = [prompts.land(one=content)[0].change_id for content in "babab"]

    first, back = ids[0].split("#")[0], ids[1].split("#")[0]
    assert ids == [f"{first}#1", f"{back}#1", f"{first}#2", f"{back}#2", f"{first}#3"]


def test_the_identity_depends_on_system_path_and_content_alone() -> None:
    def identity(system: str, path: str, content: str, commit: str) -> str:
        (change,) = apply_landing(
            History.begun("", ""),
            Landing(commit, START, ()),
            {system: [Touched(path, content, rewritten=True)]},
            20,
        )
        return change.change_id

    known = identity("bot", "p", "a", "c1")
    assert known == identity("bot", "p", "a", "c2")
    assert (
        len({known, identity("x", "p", "a", "c"), identity("bot", "q", "a", "c"), identity("bot", "p", "b", "c")})
        == 4
    )


def test_content_that_is_no_prompt_is_absent() -> None:
    history = History.begun("", "")
    landing = Landing("c", START, ())
    assert apply_landing(history, landing, {"bot": [Touched("p", None, rewritten=True)]}, 20) == []

    (change,) = apply_landing(history, landing, {"bot": [Touched("p", "a", rewritten=True)]}, 20)
    assert change.kind == ChangeKind.ADDED


def test_a_second_reading_counts_only_what_the_first_had_not(prompts: Prompts) -> None:
    prompts.land(one="a")
    prompts.land(one="b")
    longer = Prompts()
    for content in "abab":
        longer.land(one=content)

    assert newly_counted(None, prompts.history) == 2
    assert newly_counted(prompts.history, prompts.history) == 0
    assert newly_counted(prompts.history, longer.history) == 2
