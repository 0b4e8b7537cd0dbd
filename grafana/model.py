"""The parts of a dashboard as plain values, which the tables use and `render` turns into JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

NOT_SCRAPED = "No data: is the agent scraped?"
"""The text for no data in panels that always have data while everything works."""


class Kind(StrEnum):
    """A panel type of Grafana. None is newer than the state timeline, so that old versions can show them."""

    STAT = "stat"
    TABLE = "table"
    GRAPH = "timeseries"
    STATES = "state-timeline"


class Unit(StrEnum):
    """A unit of Grafana; the value is its name in JSON."""

    COUNT = "short"
    NUMBER = "none"
    SHARE = "percentunit"
    SECONDS = "s"
    MOMENT = "dateTimeAsIso"
    """Milliseconds since the epoch; a metric in seconds is multiplied in its query."""
    DAY = "time:YYYY-MM-DD"
    """Milliseconds since the epoch, shown as a date, for times that are only known by the day."""
    DAYS = "suffix:days"
    """Days, for durations of weeks: with seconds, Grafana puts the ticks of an axis at odd fractions of days."""
    DOLLARS = "currencyUSD"
    PER_HOUR = "suffix:/h"
    """Events an hour, for rates of at most one every few minutes."""
    RECORDS = "recps"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel."""

    expr: str
    legend: str = "{{system}}"
    dashed: bool = False
    """Whether it is drawn as a dashed line, as a threshold."""
    color: str = ""
    """The colour of all its lines; empty: the next one of Grafana's palette."""
    fills: str = field(default="", kw_only=True)
    """In a table: the `source` of the column that shows its values."""


@dataclass(frozen=True, slots=True)
class State:
    """The text and colour that a value is shown with."""

    value: int | str
    """A number, or the text of a label."""
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Series:
    """A fixed colour for lines whose names match a pattern."""

    pattern: str
    """A regular expression for the name in the legend."""
    color: str
    text: str = ""
    """Another name to show; empty: the name stays."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the label, or the values of the query, that it shows."""

    source: str
    """The label that it shows, or the `fills` of the query whose values it shows."""
    title: str
    unit: Unit | None = None
    states: tuple[State, ...] = ()
    link: str = ""
    """A link within Grafana, in which `${__value.text}` is the value of the row; empty: no link."""
    width: int = 0
    """The width in pixels; 0: a share of what the other columns leave."""
    hidden: bool = False
    """Whether it is not shown, and only there for links."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. Its description ends with the metrics it queries, which `render` adds."""

    title: str
    kind: Kind
    unit: Unit
    queries: tuple[Query, ...]
    text: str
    """The description: what the panel shows, and what it means when it is empty."""
    width: int = field(default=8, kw_only=True)
    """The width in columns of 24."""
    height: int = field(default=8, kw_only=True)
    empty: str = NOT_SCRAPED
    """The text for no data, which tells whether that is normal."""
    states: tuple[State, ...] = ()
    columns: tuple[Column, ...] = ()
    sort: str = ""
    """The column by which a table is sorted, the largest value first; empty: unsorted."""
    runbook: str = ""
    """The alert whose runbook belongs to the panel."""
    series: tuple[Series, ...] = ()
    """Lines with a colour of their own; in a figure, names with words of their own."""
    names: bool = False
    """Whether a figure shows the name of its series, and not the number."""
    both: bool = False
    """Whether a figure shows the names of its series beside their numbers."""
    stacked: bool = False
    """Whether lines stand on each other, so that equal ones do not hide each other."""
    from_one: str = ""
    """The colour of values from 1 on; smaller ones are green. Empty: no colour."""
    below_zero: bool = False
    """Whether values of a graph may be negative, so that its axis must not start at zero."""
    magnitudes: bool = False
    """Whether values differ by orders of magnitude, so that the axis must show each of them, and has no zero."""
    whole: bool = False
    """Whether values of a graph are small whole numbers, so that its axis has no parts of one."""
    many: bool = False
    """Whether a graph has so many lines that their names need a list beside it, the largest first."""
    fixed_window: str = ""
    """Why a query looks back over a fixed time instead of `$__rate_interval`."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False
    """Whether it is closed at first: its panels ask for nothing until it is opened."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a dashboard, whose values come from a query."""

    name: str
    label: str
    query: str
    single: bool = False
    """Whether exactly one value is chosen, the first one of its query at first, instead of several or all."""
    hidden: bool = False
    pattern: str = ""
    """A pattern with a group that takes the values out of the answer to a query, in whose order they stay; empty:
    the query gives values, in alphabetical order."""
    listed: bool = False
    """Whether all means each of the values, and not whatever there is."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation that marks the times that a query has for values, in milliseconds since the epoch."""

    name: str
    expr: str
    title: str
    color: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard. The name of its file is the last word of its uid."""

    uid: str
    title: str
    text: str
    since: str
    """The beginning of its default time range."""
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    annotations: tuple[Annotation, ...] = ()
    one_system: bool = field(default=False, kw_only=True)
    """Whether it is about one system of one job, each of which is asked for by its exact name."""
    links: tuple[tuple[str, str], ...] = field(default=())
    """Titles and addresses of documents to link, in addition to the other dashboards."""
