from __future__ import annotations

import pytest

from leverwatch.collectors.records.decoder import Decoder, build_format
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.format_config import NamedFormat
from leverwatch.collectors.records.formats.line_layout import Asked, Kind, Step, layout
from leverwatch.collectors.records.formats.plain import Plan


def test_a_layout_is_what_stands_between_the_values_and_what_each_of_them_is() -> None:
    assert layout('[{time}] "{agent}" {status:digits} {:count} {up:listed} "{host:server}"{cluster:last}') == (
        Step(Kind.LITERAL, "["),
        Step(Kind.BRACKETED, "time"),
        Step(Kind.LITERAL, '] "'),
        Step(Kind.QUOTED, "agent"),
        Step(Kind.LITERAL, '" '),
        Step(Kind.DIGITS, "status"),
        Step(Kind.LITERAL, " "),
        Step(Kind.COUNT),
        Step(Kind.LITERAL, " "),
        Step(Kind.LISTED, "up", Asked.ONE),
        Step(Kind.LITERAL, ' "'),
        Step(Kind.QUOTED, "host", Asked.NONE),
        Step(Kind.LITERAL, '"'),
        Step(Kind.LAST, "cluster"),
    )


def test_a_line_ends_behind_its_last_value_or_goes_on_with_what_is_appended() -> None:
    assert layout("{host}") == (Step(Kind.WORD, "host"), Step(Kind.END))
    assert layout("{host}", Kind.TAIL)[-1] == Step(Kind.TAIL)


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(KeyError):
        layout("{host:name}")


def plan(name: str, system: str) -> Plan | None:
    made = build_format(NamedFormat(type=name), parse_template(system).paths)
    assert isinstance(made, Decoder)
    return made.plan()


@pytest.mark.parametrize(
    ("name", "system"), [("nginx", "{host}-{upstream}"), ("envoy", "{path}"), ("nginx", "{rest}")]
)
def test_values_with_a_place_in_the_line_may_name_the_system(name: str, system: str) -> None:
    found = plan(name, system)
    assert found is not None
    assert list(found.named) == list(parse_template(system).paths)


@pytest.mark.parametrize(("name", "system"), [("nginx", "{request_id}"), ("envoy", "{authority.a}")])
def test_what_is_appended_or_inside_of_a_value_names_it_in_python_alone(name: str, system: str) -> None:
    assert plan(name, system) is None


def test_a_value_that_means_more_than_a_name_is_never_cut_down() -> None:
    found = plan("envoy", "{flags}-{authority}-{response_code}")
    assert found is not None
    assert found.named == {"flags": (), "authority": ("authority", ":authority"), "response_code": ()}
