"""The shipped JSON is what Grafana 9 to 13 know, by the types of their packages; what is not is listed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.grafana import vocabulary
from tests.grafana.queries import FILES, Json, load, panels
from tests.grafana.schemas import RELEASES, Shape, ids, part, shapes, unknown
from tests.grafana.test_known_to_grafana import fields

DASHBOARDS = [load(file) for file in FILES]
EVER = tuple(RELEASES)

DEGRADES: dict[str, tuple[int, ...]] = {
    # The older form of an annotation, which every version turns into a query when it loads a dashboard.
    **dict.fromkeys(
        (
            f"annotation.{key}"
            for key in ("expr", "step", "tagKeys", "textFormat", "titleFormat", "useValueForTime")
        ),
        EVER,
    ),
    # Known to the panel, and not told in its types. Without it, a gap between two points would not be bridged.
    "state-timeline.custom.spanNulls": EVER,
    # A new dashboard has no id, and a choice no value for all; the loader takes both.
    "dashboard.id=null": (9,),
    "variable.allValue=null": (10, 11, 12, 13),
    # A threshold below all others, which JSON has no number for.
    "field.thresholds.steps[].value=null": (9,),
    # The types of 9 tell what all kinds of choices have in common, and no more.
    **dict.fromkeys(
        (
            f"variable.{key}"
            for key in ("allValue", "current", "includeAll", "multi", "options", "refresh", "regex", "sort")
        ),
        (9,),
    ),
    # Before 12, a long heading of a column is cut instead of wrapped.
    "table.custom.wrapHeaderText": (9, 10, 11),
    # From 12 on it has another name, to which the panel itself turns it.
    "table.custom.hidden": (12, 13),
    # No shades of one colour before 10: each graph is an error there; grafana/grafana-9 is for it.
    'field.color.mode="shades"': (9,),
}
"""What the types of some versions do not know, and which versions."""
NOT_THERE = {("color", "shades"), ("unit", "recps")}
"""What Grafana 9 does not find by its name. A unit stands behind its numbers as it is: `5 recps` for `5 rec/s`."""


def asked(dashboard: Json, known: dict[str, Shape]) -> Iterator[str]:
    """Every path in a dashboard that the types do not know, or not with its value."""
    apart = ("panels", "templating", "annotations", "links")
    yield from unknown({k: v for k, v in dashboard.items() if k not in apart}, known["dashboard"], "dashboard")
    for link in dashboard["links"]:
        yield from unknown(link, known["link"], "link")
    for variable in dashboard["templating"]["list"]:
        yield from unknown(variable, known["variable"], "variable")
    for annotation in dashboard["annotations"]["list"]:
        yield from unknown(annotation, known["annotation"], "annotation")
    for row in dashboard["panels"]:
        if row["type"] == "row":
            yield from unknown({k: v for k, v in row.items() if k != "panels"}, known["row"], "row")
    for panel in panels(dashboard):
        yield from of_panel(panel, known)


def of_panel(panel: Json, known: dict[str, Shape]) -> Iterator[str]:
    kind = panel["type"]
    apart = ("fieldConfig", "options", "transformations", "links")
    yield from unknown({k: v for k, v in panel.items() if k not in apart}, known["panel"], "panel")
    yield from unknown(panel["options"], part(known["options"], kind), f"{kind}.options")
    for link in panel["links"]:
        yield from unknown(link, known["link"], "link")
    for transformation in panel["transformations"]:
        yield from unknown(transformation, known["transformation"], "transformation")
    for override in panel["fieldConfig"]["overrides"]:
        yield from unknown(override["matcher"], known["matcher"], "matcher")
    for _, options in fields(panel):
        standard = {key: value for key, value in options.items() if key != "custom"}
        yield from unknown(standard, known["field"], "field")
        if custom := options.get("custom"):
            yield from unknown(custom, part(known["custom"], kind), f"{kind}.custom")


@pytest.mark.parametrize("major", EVER)
def test_grafana_knows_everything_but_what_is_listed(major: int) -> None:
    known = shapes(major)
    found = {path for dashboard in DASHBOARDS for path in asked(dashboard, known)}

    assert found == {path for path, majors in DEGRADES.items() if major in majors}


def looked_up(panel: Json) -> Iterator[tuple[str, str]]:
    """What Grafana looks up by its name for a panel, and the kind of it."""
    for transformation in panel["transformations"]:
        yield "transformation", transformation["id"]
    for override in panel["fieldConfig"]["overrides"]:
        yield "matcher", override["matcher"]["id"]
    for options in (
        panel["options"],
        panel["options"].get("legend", {}),
        panel["options"].get("reduceOptions", {}),
    ):
        yield from (("summary", one) for one in options.get("calcs", ()))
    for _, options in fields(panel):
        if "color" in options:
            yield "color", options["color"]["mode"]
        if "unit" in options and not re.fullmatch(vocabulary.UNIT_OF_ITS_OWN, options["unit"]):
            yield "unit", options["unit"]


@pytest.mark.parametrize("major", EVER)
def test_whatever_is_looked_up_by_its_name_is_there(major: int) -> None:
    """A panel fails at a name that is not."""
    known = ids(major)
    asked_for = {one for dashboard in DASHBOARDS for panel in panels(dashboard) for one in looked_up(panel)}

    assert {kind for kind, _ in asked_for} == set(known)
    assert {(kind, name) for kind, name in asked_for if name not in known[kind]} == (
        NOT_THERE if major == 9 else set()
    )


def test_the_files_for_grafana_9_have_no_value_that_it_would_fail_at() -> None:
    of_9 = {file.name: load(file) for file in (FILES[0].parents[1] / "grafana-9").glob("*.json")}
    found = {path for dashboard in of_9.values() for path in asked(dashboard, shapes(9))}
    looked_for = {one for dashboard in of_9.values() for panel in panels(dashboard) for one in looked_up(panel)}

    assert set(of_9) == {file.name for file in FILES}
    assert {path for path in found if "=" in path} == {"dashboard.id=null", "field.thresholds.steps[].value=null"}
    assert {(kind, name) for kind, name in looked_for if name not in ids(9)[kind]} == {("unit", "recps")}


@pytest.mark.parametrize("major", EVER)
def test_the_files_are_of_the_releases_that_they_are_said_to_be_of(major: int) -> None:
    assert RELEASES[major].partition(".")[0] == str(major)
    assert set(shapes(major)) == {
        *("dashboard", "link", "variable", "annotation", "row", "panel", "field", "matcher", "transformation"),
        *("options", "custom"),
    }


@pytest.mark.parametrize(
    ("value", "shape", "found"),
    [
        ({"a": 1, "b": "x"}, {"has": {"a": "number", "b": "string"}}, []),
        ({"a": True, "c": 1}, {"has": {"a": "number"}}, ["p.a=true", "p.c"]),
        ({"a": 1}, {"has": {}, "more": "string"}, ["p.a=1"]),
        ({"a": [1, None]}, {"has": {"a": {"list": "number"}}}, ["p.a[]=null"]),
        ("dot", {"values": ["dash", "fill"]}, ['p="dot"']),
        (True, {"values": [0, 1]}, ["p=true"]),
        ([], {"either": ["string", {"list": "any"}]}, []),
        ({"text": 1}, {"either": ["null", {"has": {"text": "string"}}]}, ["p={\"text\": 1}"]),
        ({}, {"list": "any"}, ["p={}"]),
        ([], {"has": {}}, ["p=[]"]),
    ],
)  # fmt: skip
def test_what_is_not_of_its_shape_is_found_where_it_is(value: object, shape: Shape, found: list[str]) -> None:
    assert list(unknown(value, shape, "p")) == found


def test_every_kind_of_panel_that_is_shipped_is_compared() -> None:
    kinds = Counter(panel["type"] for dashboard in DASHBOARDS for panel in panels(dashboard))

    assert set(kinds) == {"stat", "table", "timeseries", "state-timeline"}
