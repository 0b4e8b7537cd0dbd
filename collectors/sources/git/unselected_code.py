"""Says how many edits of code that is read whole, without a selector, did not touch any long text in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leverwatch.collectors.interface import Problem
from leverwatch.collectors.selection.languages import INSTALL, is_code, language_of, missing
from leverwatch.collectors.selection.selector import LARGEST, Unparsable
from leverwatch.collectors.sources.git.log import Edit, Landing
from leverwatch.collectors.sources.git.repository import Repository
from leverwatch.collectors.sources.git.tracking import Tracking

MOST_LANDINGS = 100
_MOST_CONTENTS = 80
"""Contents that are parsed for one look: some milliseconds each, more than all else that a landing takes."""
REASON = "code_as_prompt"
"""The reason of a problem with a pattern and not with a record."""


def doubts(landings: Iterable[Landing], tracking: Tracking, repository: Repository) -> list[Problem]:
    """Return a problem for each system whose prompts are whole files of code, with what an edit of these is.

    Raises:
        ObjectMissing, GitError: the repository cannot be read.
    """
    newest: dict[str, list[list[Edit]]] = {}
    for landing in reversed(list(landings)):
        edits: dict[str, list[Edit]] = {}
        for edit in landing.edits:
            for reading in tracking.readings_of(edit.path) if is_code(edit.path) else ():
                if reading.selector is None:
                    edits.setdefault(reading.system, []).append(edit)
        for system, its in edits.items():
            if len(newest.setdefault(system, [])) < MOST_LANDINGS:
                newest[system].append(its)
    return [Problem(system, REASON, _detail(its, repository)) for system, its in sorted(newest.items())]


def _detail(landings: list[list[Edit]], repository: Repository) -> str:
    from leverwatch.collectors.selection.long_texts import LEAST_WORDS

    about = "source code is read whole: say with `select` what of it is the prompt"
    languages = {language_of(edit.path) for edits in landings for edit in edits}
    if any(missing(language) for language in languages if language):
        return f"{about} ({INSTALL} also says how many edits of it touched none)"
    known, untouched = _counts(landings, repository)
    if not known:
        return about
    return (
        f"{about}; {untouched} of the newest {known} landings on it ({untouched / known:.0%}) changed no text of"
        f" {LEAST_WORDS} words or more"
    )


def _counts(landings: list[list[Edit]], repository: Repository) -> tuple[int, int]:
    """Return how many landings could be looked at, and how many of these changed no long text."""
    wanted: dict[str, str] = {}
    looked: list[list[Edit]] = []
    for edits in landings:
        names = {name: edit.path for edit in edits for name in (edit.old, edit.new) if name}
        if len(wanted.keys() | names.keys()) > _MOST_CONTENTS:
            break
        wanted.update(names)
        looked.append(edits)
    found = dict(_long_texts(wanted, repository))
    known = [edits for edits in looked if all(found.get(name, ()) is not None for name in _names(edits))]
    return len(known), sum(1 for edits in known if _texts(edits, found, "old") == _texts(edits, found, "new"))


def _long_texts(wanted: dict[str, str], repository: Repository) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    from leverwatch.collectors.selection.long_texts import long_texts

    for name, content in repository.contents(wanted):
        try:
            language = language_of(wanted[name]) or ""
            small = content is not None and len(content) <= LARGEST
            yield name, long_texts(content, language) if content is not None and small else None
        except Unparsable:
            yield name, None


def _names(edits: Iterable[Edit]) -> Iterator[str]:
    return (name for edit in edits for name in (edit.old, edit.new) if name)


def _texts(edits: Iterable[Edit], found: dict[str, tuple[str, ...] | None], which: str) -> list[str]:
    # All files of a landing together, so that a text that moves between them is none that changed.
    names = (edit.old if which == "old" else edit.new for edit in edits)
    return sorted(text for name in names if name for text in found[name] or ())
