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
    DOLLARS = "currencyUSD"
    YES_NO = "bool_yes_no"
    PER_SECOND = "cps"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel."""

    expr: str
    legend: str = "{{system}}"
    dashed: bool = False
    """Drawn as a dashed line: a threshold, not a measurement."""


@dataclass(frozen=True, slots=True)
class State:
    """What a value means, with its colour."""

    value: int
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the label or the query (by its place) that fills it."""

    source: str | int
    title: str
    unit: Unit | None = None
    states: tuple[State, ...] = ()
    link: str = ""
    """An address within Grafana; the label of the row is `${__value.text}`."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. Its description ends with the metrics it queries, which `render` adds."""

    title: str
    kind: Kind
    unit: Unit
    queries: tuple[Query, ...]
    text: str
    """What it shows, and what it means when it is empty."""
    width: int = 8
    """Of 24."""
    height: int = 8
    empty: str = NOT_SCRAPED
    """Shown in place of values when there are none, so that nothing yet is told from broken."""
    states: tuple[State, ...] = ()
    columns: tuple[Column, ...] = ()
    sort: str = ""
    """The column by which a table is sorted, largest first."""
    runbook: str = ""
    """The alert whose runbook belongs to the panel."""
    below_zero: bool = False
    """Whether values of a graph may be negative, so that its axis must not start at zero."""
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
