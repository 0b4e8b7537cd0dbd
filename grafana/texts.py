"""The list of every text that a panel can show instead of a figure, and when it does: a page for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grafana.fields import NOTHING, row_of_words, words
from grafana.model import Dashboard, Kind, Panel

_HEAD = """# What the panels can say

Every text that a panel of the three dashboards can show, and when. Written by `make dashboards`; change the table
of panels, and not this page. A graph or a timeline is of a time, and says no more of it than that it has no value
there; a figure or a table is as of the end of the time that is shown, at which no agent may have been scraped.

"""
_WHEN = {
    Kind.STAT: "the figure has no value",
    Kind.TABLE: "the table has no row",
    Kind.GRAPH: "no line has a point in the time shown",
    Kind.STATES: "at a time without any value",
}


def page(dashboards: Iterable[Dashboard]) -> str:
    """Return the page in Markdown."""
    return _HEAD + "\n".join(_section(dashboard) for dashboard in dashboards)


def _section(dashboard: Dashboard) -> str:
    lines = [f"## {dashboard.title}", "", "| Panel | Text | When |", "|---|---|---|"]
    lines += [
        f"| {panel.title} | {text} | {when} |"
        for row in dashboard.rows
        for panel in row.panels
        for text, when in _texts(panel)
    ]
    return "\n".join(lines) + "\n"


def _texts(panel: Panel) -> Iterator[tuple[str, str]]:
    row = row_of_words(panel)
    if row is not None:
        yield row[1], "no query of the table has a row: in the only row"
    if row is None or row[1] != words(panel):
        yield words(panel), _WHEN[panel.kind] if row is None else "no query of the table has an answer"
    if panel.kind is Kind.TABLE:
        yield "-", "a cell has no value"
    for state in panel.states:
        if state.value != NOTHING:
            yield state.text, f"the value is {state.value}"
    for column in panel.columns:
        for state in column.states:
            yield state.text, f"{column.title}: the value is {str(state.value).replace('_', ' ')}"
    for series in panel.series:
        if series.text and panel.names:
            yield series.text, "the rule is " + series.pattern.strip("^$").replace("_", " ")
