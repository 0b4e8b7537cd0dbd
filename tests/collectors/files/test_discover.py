from __future__ import annotations

from pathlib import Path

import pytest

from collectors.files.discover import is_rotated, look
from collectors.files.reader import Content, Moved


@pytest.mark.parametrize(
    "name",
    [
        "app.log.1",
        "app.log.10.gz",
        "app.log.gz",
        "app.log-20261123",
        "app.log-20261123.zst",
        "app.log.2026-11-23T08:00",
        "app-20261123.log",
        "app-2026-11-23.log.gz",
        "app.1.log",
    ],
)
def test_what_rotation_makes_of_a_name_is_a_rotated_part(name: str) -> None:
    assert is_rotated("app.log", name)


@pytest.mark.parametrize(
    "name",
    ["app.log", "app-2.log", "app-12345.log", "app.log.bak", "app.log2", "apple.log", "other.log.1", "app-.log"],
)
def test_another_log_is_no_rotated_part(name: str) -> None:
    assert not is_rotated("app.log", name)


def test_a_file_that_was_replaced_since_it_was_found_is_not_read_as_the_one_found(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("old")
    found = look(str(path))
    assert found is not None
    (tmp_path / "new").write_text("new")
    (tmp_path / "new").replace(path)

    with pytest.raises(Moved):
        Content(found)
