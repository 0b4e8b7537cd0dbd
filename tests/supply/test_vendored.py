"""What others wrote in this repository is theirs to the last byte, and its licence goes wherever it goes."""

from __future__ import annotations

import hashlib
import tomllib

import pytest

from supply.notices import ROOT, TARGET, vendored

HASHES = {
    "LICENSE": "6ffedbc0f7878612d2b23589f1ff2ab15633e1df7963a5d9fc750ec5500c7e7a",
    "xxhash.h": "3dc8d161e867a62d3417f7885b55fdaded8b7b497e2f165d05c94f4fe24f2ca4",
}
"""SHA-256 of what xxhash-4.1.0.tar.gz of PyPI has in deps/xxhash; that archive is in the locks."""
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())
(XXHASH,) = vendored()


@pytest.mark.parametrize("name", HASHES)
def test_a_file_of_others_is_unchanged(name: str) -> None:
    assert hashlib.sha256((XXHASH.folder / name).read_bytes()).hexdigest() == HASHES[name]


def test_their_folder_has_nothing_else() -> None:
    assert {path.name for path in XXHASH.folder.iterdir()} == {"README.md", *HASHES}


def test_the_licence_is_among_the_notices_of_the_image() -> None:
    assert (XXHASH.version, XXHASH.licence) == ("0.8.4", "BSD-2-Clause")
    assert (XXHASH.folder / "LICENSE").read_text().rstrip() in TARGET.read_text()
    assert f"Compiled into leverwatch itself, unchanged: {XXHASH.title}." in TARGET.read_text()


def test_the_licence_and_the_header_are_in_the_package() -> None:
    helper, _ = SETUP["tool"]["setuptools"]["ext-modules"]
    licences = {path for glob in SETUP["project"]["license-files"] for path in ROOT.glob(glob)}

    assert str((XXHASH.folder / "xxhash.h").relative_to(ROOT)) in helper["depends"]
    assert XXHASH.folder / "LICENSE" in licences
