"""What a dashboard is made of: plain values, written down in the tables and turned into JSON by `render`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

NOT_SCRAPED = "No data: is the agent scraped?"
"""Shown by panels that are never empty while everything works."""


class Kind(StrEnum):
    """A panel type of Grafana; none is younger than the state timeline."""

    STAT = "stat"
    TABLE = "table"
    GRAPH = "timeseries"
    STATES = "state-timeline"


class Unit(StrEnum):
    """A unit of Grafana, by the name that its JSON wants."""

    COUNT = "short"
    NUMBER = "none"
    SHARE = "percentunit"
    SECONDS = "s"
    MOMENT = "dateTimeAsIso"
    """Milliseconds since the epoch; a metric in seconds is multiplied in its query."""
    DAY = "time:YYYY-MM-DD"
    """Likewise, of something that is only known by the day."""
    DAYS = "suffix:days"
    """Of what takes weeks: Grafana divides the axis of seconds at odd fractions of them."""
    DOLLARS = "currencyUSD"
    PER_HOUR = "suffix:/h"
    """Of what happens now and then, every few minutes at most."""
    RECORDS = "recps"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel."""

    expr: str
    legend: str = "{{system}}"
    dashed: bool = False
    """Drawn as a dashed line: a threshold, not a measurement."""
    color: str = ""
    """Of all its lines; empty: the next one of Grafana's palette."""
    fills: str = field(default="", kw_only=True)
    """The source of the column of a table that shows its values."""


@dataclass(frozen=True, slots=True)
class State:
    """What a value means, with its colour."""

    value: int | str
    """A number, or the text of a label."""
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Series:
    """The colour that a line always has, whichever others are there."""

    pattern: str
    """A regular expression for its name in the legend."""
    color: str
    text: str = ""
    """Another name for it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    source: str
    """The label that it shows, or what the query of its values `fills`."""
    title: str
    unit: Unit | None = None
    states: tuple[State, ...] = ()
    link: str = ""
    """An address within Grafana; the label of the row is `${__value.text}`."""
    width: int = 0
    """In pixels; 0: its share of what the others leave."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. Its description ends with the metrics it queries, which `render` adds."""

    title: str
    kind: Kind
    unit: Unit
    queries: tuple[Query, ...]
    text: str
    """What it shows, and what it means when it is empty."""
    width: int = field(default=8, kw_only=True)
    """Of 24."""
    height: int = field(default=8, kw_only=True)
    empty: str = NOT_SCRAPED
    """Shown in place of values when there are none, so that nothing yet is told from broken."""
    states: tuple[State, ...] = ()
    columns: tuple[Column, ...] = ()
    sort: str = ""
    """The column by which a table is sorted, largest first."""
    runbook: str = ""
    """The alert whose runbook belongs to the panel."""
    series: tuple[Series, ...] = ()
    """Lines with a colour of their own."""
    from_one: str = ""
    """The colour of a figure from 1 on; below it is green. Empty: it is neither good nor bad."""
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


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of a dashboard, filled by a query; several values may be chosen, or all."""

    name: str
    label: str
    query: str
    all_at_first: bool = True


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks the time while a query has a value above zero."""

    name: str
    expr: str
    title: str
    color: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard. Its file is named after the last word of its uid."""

    uid: str
    title: str
    text: str
    since: str
    """Where its time range begins at first."""
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    annotations: tuple[Annotation, ...] = ()
    links: tuple[tuple[str, str], ...] = field(default=())
    """Title and address of documents beside it; the other dashboards are linked anyway."""
