from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.sources.git.patterns import PathFilter, check_pattern, pathspecs
from tests.collectors.sources.git.repo import Repo, git
from tests.examples import examples

PATHS = (
    "system.md",
    "a/system.md",
    "a/b/system.md",
    "a/b/c/user.md",
    "b/a/x.md",
    "ab/x-1.md",
    "a.md/x",
    "a[b].md",
    "A/system.md",
    "a b/c d.md",
    ".hidden/x.md",
    "ü/ß.md",
    "new\nline/x.md",
    "a\\b.md",
    "x!y.md",
    "x-z.md",
)


def matching(pattern: str) -> set[str]:
    paths = PathFilter({"bot": [check_pattern(pattern)]})
    return {path for path in PATHS if paths.systems_of(path)}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/system.md", {"system.md", "a/system.md", "a/b/system.md", "A/system.md"}),
        ("*.md", {"system.md", "a[b].md", "a\\b.md", "x!y.md", "x-z.md"}),
        ("a/*", {"a/system.md"}),
        ("a/**", {"a/system.md", "a/b/system.md", "a/b/c/user.md"}),
        ("a/", {"a/system.md", "a/b/system.md", "a/b/c/user.md"}),
        ("a/b", {"a/b/system.md", "a/b/c/user.md"}),
        ("a/**/user.md", {"a/b/c/user.md"}),
        ("a[[]b].md", {"a[b].md"}),
        ("a[b].md", {"a[b].md"}),
        ("x[!a-y]y.md", {"x!y.md"}),
        ("x[!-]?.md", {"x!y.md"}),
        ("a\\\\b.md", {"a\\b.md"}),
        ("ü/??.md", {"ü/ß.md"}),
    ],
)
def test_a_pattern_selects_paths_from_the_top(pattern: str, expected: set[str]) -> None:
    assert matching(pattern) == expected


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = Repo(tmp_path_factory.mktemp("patterns") / "repo")
    repo.commit(dict.fromkeys(PATHS, "x"))
    return repo.path


_PIECES = st.sampled_from(
    [
        "a",
        "b",
        "x",
        "system",
        ".md",
        "*",
        "**",
        "/",
        "/**/",
        "**/",
        "?",
        "[ab]",
        "[!a]",
        "[^x]",
        "[a-z]",
        "-",
        "\\[",
    ]
)


def _accepted(pattern: str) -> bool:
    try:
        check_pattern(pattern)
    except ValueError:
        return False
    return True


@settings(max_examples=examples(150))
@given(pattern=st.lists(_PIECES, min_size=1, max_size=6).map("".join).filter(_accepted))
def test_git_selects_the_same_paths(tree: Path, pattern: str) -> None:
    listed = git(tree, "ls-files", "-z", "--", *pathspecs([check_pattern(pattern)]))
    assert matching(pattern) == set(filter(None, listed.split("\0")))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "path inside the repository"),
        ("a\nb", "control characters"),
        ("/a", "leading slash"),
        ("./a", "parts"),
        ("a/../b", "parts"),
        ("a//b", "parts"),
        ("a/**.md", "stands alone"),
        ("a/***/b", "stands alone"),
        ("a[b", "closing"),
        ("[[:alpha:]]", "not supported"),
        ("a\\", "escapes nothing"),
    ],
)
def test_a_pattern_that_cannot_mean_what_it_says_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_pattern(pattern)


def test_a_path_may_belong_to_several_systems_or_be_excluded() -> None:
    paths = PathFilter({"b": ["**/*.md"], "a": ["shared/**"]}, ["**/README.md"])

    assert paths.systems_of("shared/x.md") == ("a", "b")
    assert paths.systems_of("x.md") == ("b",)
    assert paths.systems_of("shared/README.md") == ()
    assert paths.systems_of("shared/README.md") == ()
