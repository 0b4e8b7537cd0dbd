"""Writes THIRD_PARTY_NOTICES: the licence of everything that the image installs, as each package states it, and of
what others wrote in the compiled helper.

    python -m supply.notices

Reads the metadata of what is installed here, which is what the lock of the image says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from packaging.version import Version

from supply.requirements import Pinned, read_lock

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "THIRD_PARTY_NOTICES"
_GPL = Path("/usr/share/common-licenses/GPL-3")
"""The text of the GPL, which Debian always has. The LGPL adds permissions to it, so both are included."""

_RULE = "=" * 80
_FILE_NAMES = re.compile(r"(licen[cs]e|copying|notice|authors)[^/]*$", re.IGNORECASE)
_CLASSIFIER = "License :: OSI Approved :: "
_HEAD = """\
leverwatch itself is under the Apache License 2.0: see LICENSE. Its container image contains the
packages below, unchanged, and so does an installation with `pip install leverwatch[postgres,prompts]`.
Their sources are where pip takes them from, by the names and versions below. psycopg and psycopg-binary
are under the LGPL 3: they are files of their own in /opt/leverwatch, and any compatible
version may be put in their place. The image's base, Debian with Python, and git have the licences
of their packages in /usr/share/doc.

Compiled into leverwatch itself, unchanged: {vendored}.
Linked into compiled parts, as far as their packages say: Intel ISA-L (BSD-3-Clause) in isal,
libyaml (MIT) in pyyaml, Zstandard (BSD-3-Clause) in zstandard, xxHash (BSD-2-Clause) in xxhash, RE2
(BSD-3-Clause) and Abseil (Apache-2.0) in google-re2, and crates of Rust (MIT or Apache-2.0) in bcrypt
and pydantic-core. What psycopg-binary brings as files
is named in its section.
"""


@dataclass(frozen=True)
class Vendored:
    """A library of others whose source is in this repository."""

    name: str
    version: str
    licence: str
    folder: Path

    @property
    def title(self) -> str:
        """As it is named in the file."""
        return f"{self.name} {self.version} ({self.licence})"


def vendored() -> tuple[Vendored, ...]:
    """What the compiled helper has of others.

    Raises:
        ValueError: the folder, or the release in it, is not found.
    """
    (folder,) = ROOT.glob("collectors/**/vendor")
    text = (folder / "xxhash.h").read_text()
    parts = re.findall(r"^#define XXH_VERSION_(?:MAJOR|MINOR|RELEASE) +(\d+)$", text, re.MULTILINE)
    if len(parts) != 3:
        raise ValueError(f"no release is found in {folder / 'xxhash.h'}")
    return (Vendored("xxHash", ".".join(parts), "BSD-2-Clause", folder),)


def notices() -> str:
    """Return the text of THIRD_PARTY_NOTICES.

    Raises:
        ValueError: a package has no text of its licence; the message names it.
    """
    pinned = [each for each in read_lock("image") if each.is_for_here]
    found = [distribution(each.name) for each in pinned]
    pairs = list(zip(pinned, found, strict=True))
    table = "".join(f"  {each.name} {each.version}: {licence(its)}\n" for each, its in pairs)
    parts = [_section(each, its) for each, its in pairs]
    parts.extend(_titled(each.title, (each.folder / "LICENSE").read_text()) for each in vendored())
    parts.append(_titled("The GNU General Public License, version 3, which the LGPL refers to", _GPL.read_text()))
    head = _HEAD.format(vendored=", ".join(each.title for each in vendored()))
    return f"{head}\n{table}\n" + "\n".join(parts)


def _titled(title: str, text: str) -> str:
    return f"{_RULE}\n{title}\n{_RULE}\n\n{text.rstrip()}\n"


def licence(its: Distribution) -> str:
    """Return the licence that a package states: its SPDX expression, else the old field, else the classifiers."""
    said = {name: its.metadata[name] for name in ("License-Expression", "License") if name in its.metadata}
    if "License-Expression" in said:
        return said["License-Expression"]
    classified = [
        text.removeprefix(_CLASSIFIER)
        for text in its.metadata.get_all("Classifier") or ()
        if text.startswith(_CLASSIFIER)
    ]
    old = said.get("License", "")
    return old if old and "\n" not in old and len(old) < 80 else ", ".join(classified)


def _section(each: Pinned, its: Distribution) -> str:
    if each.version != Version(its.version):
        raise ValueError(f"{each.name} is installed in version {its.version}, the lock has {each.version}")
    texts = [Path(str(file.locate())).read_text(errors="replace").rstrip() for file in _texts(its)]
    if not texts:
        raise ValueError(f"{each.name} {each.version} brings no text of its licence")
    return _titled(f"{each.name} {each.version} ({licence(its)})", "\n\n".join((*_inside(its), *texts)))


def _texts(its: Distribution) -> list[PackagePath]:
    found = [file for file in its.files or () if ".dist-info/" in str(file) and _FILE_NAMES.search(str(file))]
    return sorted(found, key=str)


def _inside(its: Distribution) -> list[str]:
    """Return the shared libraries of other projects that are inside a wheel."""
    files = [file.name for file in its.files or () if ".libs/" in str(file)]
    names = sorted({re.sub(r"-[0-9a-f]{8}(?=\.)", "", name) for name in files})
    return [f"Its wheel brings libraries of others: {', '.join(names)}."] if names else []


if __name__ == "__main__":
    TARGET.write_text(notices())
