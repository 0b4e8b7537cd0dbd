"""Whether a listed model is the one that was asked for, and no neighbour of it. Pure.

The public list finds many models by how their names begin, or by what they contain: `gemini-1.5-flash-8b` is found
as `gemini-1.5-flash`, which costs twice as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

_DATES = re.compile(r"(?<!\d)(?:20\d\d-?[01]\d-?[0-3]\d|[01]\d-[0-3]\d|[01]\d-20\d\d)(?!\d)")
_HARMLESS = re.compile(r"v\d+|\d{3,6}|latest|stable|preview|exp|experimental|beta|maas|")
"""Parts of a name that tell a version of a model, and not another model."""
_OF_BEDROCK = re.compile(r"\d|\d+k|us|eu|apac|ap|au|ca|global|gov|jp|sa|amer")
"""Parts of an id of Bedrock that tell a version, a length of context or an area."""


def is_the_same(asked: str, listed: Any, provider: str | None) -> bool:
    """Return whether a name has no part that sets another model apart from the listed one.

    `listed` is a model of the package, with an id and the texts by which it is found.
    """
    name = asked.lower()
    if name.startswith("ft:"):
        name = ":".join(name.split(":")[:2])  # what follows was chosen by its owner
    known = {part for text in (listed.id, *_texts(listed.match)) for part in _parts(text.lower())}
    harmless = [_HARMLESS, _OF_BEDROCK] if provider == "aws" else [_HARMLESS]
    return all(
        part in known or any(pattern.fullmatch(part) for pattern in harmless)
        for part in _parts(_DATES.sub("", name))
    )


def _parts(text: str) -> list[str]:
    return re.split(r"[-_.:@/ ]", text)


def _texts(clause: Any) -> Iterator[str]:
    """Yield the texts of a clause of the package and of those inside it."""
    for one in fields(clause):
        value = getattr(clause, one.name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for inner in value:
                yield from _texts(inner)
