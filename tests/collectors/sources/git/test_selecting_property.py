"""Generated histories of code: what runs add up to, in any order of runs and landings, is what one run finds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.sources.git.history import HISTORY
from tests.collectors.sources.git.repo import Repo, fast_import, git, watch
from tests.examples import examples

PATHS = ("a.py", "src/b.py", "c.yaml")
_TEXT = st.sampled_from(["one", "two", "three"])
_CONTENT = st.one_of(
    st.none(),
    st.just("(((\nA_PROMPT = 'two'\n"),
    st.builds(lambda a, x: f"x = {x}\nA_PROMPT = '{a}'\n", _TEXT, st.integers(0, 2)),
    st.builds(lambda a, b: f"A_PROMPT = '{a}'\nclass C:\n    B_PROMPT = '{b}'\n", _TEXT, _TEXT),
    st.builds(lambda a, t: f"prompts: {{a: {{system: {a}, temperature: {t}}}}}\n", _TEXT, st.integers(0, 2)),
)
_LANDING = st.dictionaries(st.sampled_from(PATHS), _CONTENT, min_size=1)
_SYSTEMS = {
    "bot": [
        {"files": "**/*.py", "select": {"names": ["*_PROMPT"]}},
        {"files": "**/*.yaml", "select": {"keys": ["prompts.*.system"]}},
    ],
    "whole": ["**/*.py"],
}


@settings(max_examples=examples(25), deadline=None)
@given(landings=st.lists(st.tuples(_LANDING, st.booleans()), min_size=1, max_size=10))
def test_runs_in_between_find_what_one_run_at_the_end_finds(
    landings: list[tuple[dict[str, str | None], bool]],
) -> None:
    with TemporaryDirectory() as folder:
        repo = Repo(Path(folder) / "repo")
        steps = watch(repo.path, Path(folder), systems=_SYSTEMS)
        there: set[str] = set()
        for number, (files, run) in enumerate(landings):
            real = {path: text for path, text in files.items() if text is not None or path in there}
            there = (there | real.keys()) - {path for path, text in real.items() if text is None}
            git(repo.path, "fast-import", "--quiet", data=fast_import([real], number))
            if run:
                steps.restart()
                steps.collect()
        steps.collect()

        whole = watch(repo.path, Path(folder), systems=_SYSTEMS)
        whole.collect()

        assert steps.changes == whole.changes
        assert steps.tallies == whole.tallies
        if steps.stored:
            known, wanted = (HISTORY.loads("source prompts", each.stored[HISTORY.key]) for each in (steps, whole))
            # What is said of code is as it was when all was read.
            known.unselected = wanted.unselected
            assert known == wanted
