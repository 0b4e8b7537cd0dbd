"""Parses a lock: distributions with their versions and the hashes of their files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

FOLDER = Path(__file__).parent
_ENTRY = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$")
_HASH = re.compile(r"^    --hash=(sha256:[0-9a-f]{64})(?: \\)?$")


@dataclass(frozen=True)
class Pinned:
    """One distribution in a lock."""

    name: NormalizedName
    version: Version
    marker: Marker | None
    hashes: frozenset[str]

    @property
    def is_for_here(self) -> bool:
        """Whether it is to be installed with this Python on this platform."""
        return self.marker is None or self.marker.evaluate()


def read_lock(name: str) -> tuple[Pinned, ...]:
    """Return the distributions of `NAME.txt`, in the order of the file.

    Raises:
        ValueError: a line cannot be parsed; the message quotes it.
    """
    found: list[tuple[re.Match[str], set[str]]] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if entry := _ENTRY.match(line):
            found.append((entry, set()))
        elif (hashed := _HASH.match(line)) and found:
            found[-1][1].add(hashed[1])
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"a line that is none of a lock: {line}")
    return tuple(
        Pinned(
            canonicalize_name(entry["name"]),
            Version(entry["version"]),
            Marker(entry["marker"]) if entry["marker"] else None,
            frozenset(hashes),
        )
        for entry, hashes in found
    )
