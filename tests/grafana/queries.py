"""The committed dashboards as data: their panels, and every query with its variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "grafana/dashboards"
FILES = sorted(FOLDER.glob("*.json"))
Json = dict[str, Any]

_ROW_OF_WORDS = re.compile(r'label_replace\(absent\(.+, "\w+", "([^"$]+)", "", ""\)$')
_METRIC = re.compile(r"\bleverwatch_[a-z0-9_]+")


def load(file: Path) -> Json:
    """A dashboard file."""
    loaded: Json = json.loads(file.read_text("utf-8"))
    return loaded


def panels(dashboard: Json) -> list[Json]:
    """The panels that show something, those of closed rows as well."""
    found: list[Json] = []
    for panel in dashboard["panels"]:
        found += panel["panels"] if panel["type"] == "row" else [panel]
    return found


def rows_of_words(panel: Json) -> list[str]:
    """The words of the row that a table of several queries has where none of them has one."""
    asked = (target["expr"] for target in panel["targets"])
    return [words for one in asked for words in _ROW_OF_WORDS.findall(one)]


def expressions(dashboard: Json) -> Iterator[tuple[str, str]]:
    """Every expression with the place it stands at: panels, annotations and variables."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def metric_names(text: str) -> set[str]:
    """The metrics of the agent in an expression."""
    return set(_METRIC.findall(text))


def filled(expression: str, values: Mapping[str, str]) -> str:
    """An expression as Grafana sends it; patterns stand for each system and job where one of them is asked for.

    Raises:
        KeyError: a variable has no value.
    """
    for name in {"job", "system"} & values.keys():
        if "." in values[name] or "|" in values[name]:
            expression = expression.replace(f'{name}="${name}"', f'{name}=~"${name}"')
    if "system" in values:
        values = {"attention": values["system"], **values}
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values[match[1]], re.sub(r'"\$1"', '"\0"', expression)).replace(
        "\0", "$1"
    )
