from __future__ import annotations

import os
from pathlib import Path

import pytest

from leverwatch.collectors.regular import open_regular


def test_a_regular_file_is_opened_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "b").symlink_to(tmp_path / "a")

    for name in ("a", "b"):
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"text"


@pytest.mark.parametrize("name", ["pipe", "folder", "device"])
def test_what_could_be_waited_for_is_refused_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")

    with pytest.raises(OSError, match="is no regular file"):
        open_regular(tmp_path / name)
