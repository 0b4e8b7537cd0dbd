"""What each major version of Grafana knows of a dashboard, by the types of its packages, and what asks for more.

The files beside this are made by `make schemas` from `@grafana/schema`, and the names in `ids` from
`@grafana/data`, each from the last release of its major version. Tests read them, so that they need no npm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RELEASES = {9: "9.5.21", 10: "10.4.19", 11: "11.6.16", 12: "12.4.11", 13: "13.2.3"}
DATA = RELEASES | {12: "12.4.10"}
"""The releases of `@grafana/data`, which had one less of 12."""

Shape = str | dict[str, Any]
"""A word for a type (`any` for what is not told), or one of: `values` that are allowed, a `list` of a shape,
`either` of several shapes, and what an object `has` by name, with the shape of whatever `more` it may have."""

_PLAIN: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def file(major: int) -> Path:
    """Return the file of a major version."""
    return Path(__file__).parent / f"grafana-{major}.json"


def shapes(major: int) -> dict[str, Shape]:
    """Return the shapes of the parts of a dashboard by their names."""
    read: dict[str, Shape] = json.loads(file(major).read_text("utf-8"))
    del read["ids"]
    return read


def ids(major: int) -> dict[str, set[str]]:
    """Return the names that a version looks up, by their kind: color, matcher, transformation, summary, unit.

    A panel with another name fails. Only a unit that is not known stands behind its numbers as a word.
    """
    read: dict[str, list[str]] = json.loads(file(major).read_text("utf-8"))["ids"]
    return {kind: set(names) for kind, names in read.items()}


def part(shape: Shape, name: str) -> Shape:
    """Return the shape of one member of an object."""
    assert isinstance(shape, dict)
    found: Shape = shape["has"][name]
    return found


def unknown(value: object, shape: Shape, path: str) -> Iterator[str]:
    """Yield the path of each value that is not of its shape, with the value where only that is wrong."""
    if isinstance(shape, str):
        is_number = shape == "number" and isinstance(value, bool)
        if shape != "any" and (is_number or not isinstance(value, _PLAIN[shape])):
            yield f"{path}={json.dumps(value)}"
    elif "values" in shape:
        if value not in shape["values"] or isinstance(value, bool):
            yield f"{path}={json.dumps(value)}"
    elif "either" in shape:
        tried = [list(unknown(value, one, path)) for one in shape["either"]]
        yield from min(tried, key=len)
    elif "list" in shape:
        if not isinstance(value, list):
            yield f"{path}={json.dumps(value)}"
            return
        for one in value:
            yield from unknown(one, shape["list"], f"{path}[]")
    elif not isinstance(value, dict):
        yield f"{path}={json.dumps(value)}"
    else:
        for key, inner in value.items():
            if (known := shape["has"].get(key, shape.get("more"))) is None:
                yield f"{path}.{key}"
            else:
                yield from unknown(inner, known, f"{path}.{key}")
