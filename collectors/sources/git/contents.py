"""What each version of a file says of the prompts in it, as hashes: each content is read once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from leverwatch.collectors.prompts.normalise import content_hash
from leverwatch.collectors.selection.select import select
from leverwatch.collectors.selection.selector import Selector, Unparsable
from leverwatch.collectors.sources.git.log import Landing
from leverwatch.collectors.sources.git.tracking import Tracking

_PORTION = 100
"""Contents that are parsed while one command of git is open: some seconds, however large each may be."""


class Unread(Struct, frozen=True):
    """A content in which nothing could be selected."""

    why: str


Whole: TypeAlias = str | None
"""The hash of a whole file; None: it is no prompt."""
Selected: TypeAlias = Mapping[str, str] | Unread
"""The hashes of the texts in a file, by their labels."""


def wanted_of(landings: Iterable[Landing], tracking: Tracking) -> dict[str, dict[Selector | None, None]]:
    """Return the object names of the contents to read, oldest first, each with the ways in which it is read."""
    wanted: dict[str, dict[Selector | None, None]] = {}
    for landing in landings:
        for edit in landing.edits:
            if edit.new is not None:
                for reading in tracking.readings_of(edit.path):
                    wanted.setdefault(edit.new, {})[reading.selector] = None
    return wanted


def portions(wanted: dict[str, dict[Selector | None, None]]) -> Iterator[list[str]]:
    """Yield the names in portions, each for one command of git, which has a limit of time and waits for us.

    The newest ones come first: however a repository is packed, git then finds what one version is stored as a
    difference to among what it has just unpacked, and does not unpack it again.
    """
    whole = [name for name, selectors in reversed(wanted.items()) if not any(selectors)]
    if whole:
        yield whole
    parsed = [name for name, selectors in reversed(wanted.items()) if any(selectors)]
    for start in range(0, len(parsed), _PORTION):
        yield parsed[start : start + _PORTION]


class Contents:
    """The hashes of all contents that were read."""

    def __init__(self, *, collapse_whitespace: bool) -> None:
        self._collapse = collapse_whitespace
        self._whole: dict[str, Whole] = {}
        self._selected: dict[tuple[str, Selector], Selected] = {}

    def add(self, name: str, content: bytes | None, selectors: Iterable[Selector | None]) -> None:
        """Take in the content of an object; None: it is too large, or no file."""
        for selector in selectors:
            if selector is None:
                self._whole[name] = None if content is None else self._hash(content)
            else:
                self._selected[name, selector] = self._select(content, selector)

    def whole(self, name: str) -> Whole:
        """Return the hash of a whole content."""
        return self._whole[name]

    def selected(self, name: str, selector: Selector) -> Selected:
        """Return the hashes of what is selected in a content."""
        return self._selected[name, selector]

    def _hash(self, content: bytes) -> str:
        return content_hash(content, collapse_whitespace=self._collapse)

    def _select(self, content: bytes | None, selector: Selector) -> Selected:
        if content is None:
            return Unread("too large")
        try:
            found = select(selector, content)
        except Unparsable as error:
            return Unread(str(error))
        return {label: self._hash(text.encode("utf-8", "surrogatepass")) for label, text in found.items()}
