"""Whatever the dashboards ask of Grafana it knows: units, colours, options, transformations; values have words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

import pytest

from grafana.shared import STRATEGY
from leverwatch.agent.framework.model import Strategy
from tests.grafana import vocabulary
from tests.grafana.queries import FILES, Json, load, panels
from tests.grafana.vocabulary import Takes

DASHBOARDS = [load(file) for file in FILES]
EVERY = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[file.stem for file in FILES])


def fields(panel: Json) -> Iterator[tuple[str, Json]]:
    """Every set of options that a panel has for fields: its name, and the options as the defaults have them."""
    yield "all", panel["fieldConfig"]["defaults"]
    for override in panel["fieldConfig"]["overrides"]:
        made: Json = {}
        for one in override["properties"]:
            if one["id"].startswith("custom."):
                made.setdefault("custom", {})[one["id"].removeprefix("custom.")] = one["value"]
            else:
                made[one["id"]] = one["value"]
        yield str(override["matcher"]["options"]), made


def every_field(dashboard: Json) -> Iterator[tuple[str, Json, Json]]:
    for panel in panels(dashboard):
        for name, options in fields(panel):
            yield f"{panel['title']}: {name}", panel, options


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """The plain values in options, each with the keys that lead there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def unknown(options: Json, known: dict[str, Takes]) -> list[tuple[str, object]]:
    """What of some options is not known, or has a value that is not."""

    def is_known(path: str, value: object) -> bool:
        takes = known.get(path, frozenset())
        return type(value) is takes if isinstance(takes, type) else value in takes

    return [(path, value) for path, value in leaves(options) if not is_known(path, value)]


def mappings(dashboard: Json) -> Iterator[tuple[str, Json]]:
    for place, _, options in every_field(dashboard):
        for mapping in options.get("mappings", ()):
            yield place, mapping


def colors(dashboard: Json) -> Iterator[tuple[str, str]]:
    """Every colour, with the place it is at."""
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["iconColor"]
    for place, _, options in every_field(dashboard):
        if "fixedColor" in options.get("color", {}):
            yield place, options["color"]["fixedColor"]
        for step in options.get("thresholds", {}).get("steps", ()):
            yield place, step["color"]
    for place, mapping in mappings(dashboard):
        for word in mapping["options"].values():
            yield f"{place}: {word['text']}", word["color"]


@EVERY
def test_every_unit_is_one_that_grafana_knows(dashboard: Json) -> None:
    found = {place: options["unit"] for place, _, options in every_field(dashboard) if "unit" in options}

    own = re.compile(vocabulary.UNIT_OF_ITS_OWN)
    assert {
        place: unit for place, unit in found.items() if unit not in vocabulary.UNITS and not own.fullmatch(unit)
    } == {}
    assert len({*found.values()}) > 3


@EVERY
def test_every_colour_is_one_of_grafanas_or_written_out(dashboard: Json) -> None:
    own = re.compile(vocabulary.COLOR_OF_ITS_OWN)

    assert [
        (place, color)
        for place, color in colors(dashboard)
        if color not in vocabulary.COLORS and not own.fullmatch(color)
    ] == []


@EVERY
def test_every_option_is_one_that_grafana_has_with_a_value_that_it_takes(dashboard: Json) -> None:
    for panel in panels(dashboard):
        assert unknown(panel["options"], vocabulary.OPTIONS[panel["type"]]) == [], panel["title"]
        assert {one["id"] for one in panel["transformations"]} <= vocabulary.TRANSFORMATIONS, panel["title"]
    for place, panel, options in every_field(dashboard):
        assert unknown(options.get("custom", {}), vocabulary.CUSTOM[panel["type"]]) == [], place
        standard = {key: value for key, value in options.items() if key not in ("custom", "mappings")}
        assert unknown(standard, vocabulary.STANDARD) == [], place


@EVERY
def test_values_are_mapped_one_by_one_to_a_word_in_a_colour_in_an_order(dashboard: Json) -> None:
    found = list(mappings(dashboard))
    for place, mapping in found:
        assert mapping["type"] == "value", place
        assert all(set(word) == {"color", "index", "text"} for word in mapping["options"].values()), place
        assert [word["index"] for word in mapping["options"].values()] == [*range(len(mapping["options"]))], place
        # Grafana looks a number up by its text, and a text by itself: a field has one or the other.
        numbers = [bool(re.fullmatch(r"-?\d+", value)) for value in mapping["options"]]
        assert all(numbers) or not any(numbers), place
    assert found


@EVERY
def test_no_field_has_its_words_set_twice(dashboard: Json) -> None:
    for panel in panels(dashboard):
        named = [name for name, options in fields(panel) if options.get("mappings")]
        assert len(named) == len(set(named)), panel["title"]
        assert named == ["all"] or "all" not in named, panel["title"]


def test_a_strategy_has_one_word_and_one_colour_wherever_it_is_shown() -> None:
    by_word = dict(STRATEGY.values())
    by_line = {f"{name}$": color for name, (_, color) in STRATEGY.items()}
    seen: set[tuple[str, str]] = set()
    for place, mapping in chain.from_iterable(mappings(dashboard) for dashboard in DASHBOARDS):
        for value, word in mapping["options"].items():
            name = STRATEGY[Strategy(value)][0] if value in set(Strategy) else word["text"]
            if name in by_word:
                assert (word["text"], word["color"]) == (name, by_word[name]), place
                seen.add((name, "word"))
    for place, _, options in chain.from_iterable(every_field(dashboard) for dashboard in DASHBOARDS):
        for ending, color in by_line.items():
            if place.removesuffix("/").endswith(ending):
                assert options["color"] == {"fixedColor": color, "mode": "fixed"}, place
                seen.add((ending, "line"))

    assert seen == {(name, "word") for name in by_word} | {(ending, "line") for ending in by_line}
    assert len(set(by_word.values())) == len(by_word)


def test_what_grafana_does_not_know_would_be_found() -> None:
    known: dict[str, Takes] = {"unit": str, "color.mode": vocabulary.COLOR_MODES, "decimals": int}

    assert unknown({"unit": "s", "color": {"mode": "fixed"}, "decimals": 0}, known) == []
    assert unknown({"units": "s", "color": {"mode": "fixd"}, "decimals": True}, known) == [
        ("units", "s"), ("color.mode", "fixd"), ("decimals", True),
    ]  # fmt: skip
