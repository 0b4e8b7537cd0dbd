"""Values that cannot be right: each is refused, and the value to blame is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helm.programs import CHART, RELEASE, Helm

INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))


def expectation(path: Path) -> dict[str, str]:
    """The comments at the top of a case: who refuses it, the path to blame, and a part of the reason."""
    return dict(re.findall(r"^# ([a-z ]+): ?(.*)$", path.read_text(), re.MULTILINE))


def shown(path: str, by: str, generation: int) -> str:
    """How a generation of Helm writes a path of values before its complaint."""
    if by == "chart":
        return f": {path}: "
    if generation == 3:
        return f"- {path or '(root)'}: "
    return f"at '{'/' + path.replace('.', '/') if path else ''}': "


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_the_value_to_blame_is_named(any_helm: Helm, case: Path) -> None:
    wanted = expectation(case)

    done = any_helm.run("template", RELEASE, CHART, "--values", case)

    assert done.returncode != 0
    place = shown(wanted["path"], wanted["refused by"], any_helm.generation)
    blamed = [line for line in done.stderr.splitlines() if place in line and wanted["reason"] in line]
    assert blamed, done.stderr
    assert "hunter2" not in done.stderr


def test_every_refusal_of_the_chart_has_its_case() -> None:
    refusals = (CHART / "templates/_refusals.tpl").read_text()
    written = re.findall(r'fail (?:\(printf )?"([^"]+)"', refusals)
    expected = [expectation(case)["reason"] for case in INVALID]

    assert len(written) == refusals.count("fail ")
    assert [text for text in written if not any(reason and reason in text for reason in expected)] == []
