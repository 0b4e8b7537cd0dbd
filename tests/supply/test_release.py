"""The version of a release is the same wherever it is named."""

from __future__ import annotations

import pytest

from supply import release
from supply.release import ROOT, problems

VERSION = "1.2.0"
CHART = 'version: 1.2.0\nappVersion: "1.2.0"\n'
CHANGELOG = "# Changelog\n\n## [1.2.0] - 2026-11-30\n\n- More.\n\n## [1.1.0] - 2026-10-01\n"


def test_a_release_with_one_version_everywhere_is_ready() -> None:
    assert problems(VERSION, CHART, CHANGELOG) == []


def renamed(version: str) -> tuple[str, str, str]:
    """A release of another version everywhere."""
    return (
        version,
        CHART.replace("1.2.0", version),
        CHANGELOG.replace("1.2.0", version),
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((*renamed("1.3.0")[:2], CHANGELOG), "CHANGELOG.md: the newest heading is '1.2.0', not '1.3.0'"),
        ((VERSION, CHART, "## [Unreleased]\n\n" + CHANGELOG), "CHANGELOG.md: the newest heading is 'Unreleased'"),
        (
            (VERSION, CHART, CHANGELOG.replace(" - 2026-11-30", "")),
            "CHANGELOG.md: the heading of 1.2.0 has no day",
        ),
        ((VERSION, CHART, "# Changelog\n"), "CHANGELOG.md: the newest heading is 'none'"),
        ((VERSION, CHART.replace("n: 1.2.0", "n: 1.1.0"), CHANGELOG), "Chart.yaml: version is '1.1.0'"),
        ((VERSION, CHART.replace('"1.2.0"', '"1.1.0"'), CHANGELOG), "Chart.yaml: appVersion is '1.1.0'"),
        ((VERSION, CHART.replace('"1.2.0"', "1.2"), CHANGELOG), "Chart.yaml: appVersion is 1.2,"),
        (renamed("v1.2.0"), "leverwatch.__version__: 'v1.2.0' is written 1.2.0"),
        (renamed("next"), "leverwatch.__version__: 'next' is no version"),
    ],
)
def test_what_is_in_the_way_is_named(files: tuple[str, str, str], said: str) -> None:
    (problem,) = problems(*files)

    assert said in problem


def test_between_releases_only_the_changelog_is_in_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    code = release.main()
    printed = capsys.readouterr().out.splitlines()

    is_open = "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert code == int(is_open)
    assert [line.split(":")[0] for line in printed] == (["CHANGELOG.md"] if is_open else ["ready"])
