from __future__ import annotations

import pytest

from leverwatch.collectors.selection.documents import key_steps
from leverwatch.collectors.selection.select import select
from leverwatch.collectors.selection.selector import Selector, Unparsable

YAML = """\
defaults: &d {temperature: 0.3}
prompts:
  triage:
    <<: *d
    system: |
      You are kind.
        Always.
    model: !Ref small
  billing: {system: Be exact., temperature: 0.1}
steps:
  - {role: system, content: One}
  - {role: user, content: Two}
"a.b": dotted
empty:
"""


def found(language: str, text: str, *keys: str) -> dict[str, str]:
    return select(Selector(keys=keys, language=language), text.encode())


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        (
            "prompts.*.system",
            {"prompts.triage.system": "You are kind.\n  Always.", "prompts.billing.system": "Be exact."},
        ),
        ("prompts.bil*.system", {"prompts.billing.system": "Be exact."}),
        (
            "**.system",
            {"prompts.triage.system": "You are kind.\n  Always.", "prompts.billing.system": "Be exact."},
        ),
        ("steps.*.content", {"steps[].content": "One\nTwo"}),
        ("steps[1].content", {"steps[1].content": "Two"}),
        ("steps.0.content", {"steps[0].content": "One"}),
        ("prompts.triage.model", {"prompts.triage.model": "small"}),
        (r"a\.b", {"a.b": "dotted"}),
        ("empty", {}),
        ("absent.system", {}),
    ],
)
def test_values_of_yaml_are_found_by_their_path(path: str, texts: dict[str, str]) -> None:
    assert found("yaml", YAML, path) == texts


def test_json_and_toml_are_read_as_well() -> None:
    assert found("json", '{"a": {"system": "x\\ny"}}', "a.system") == {"a.system": "x\ny"}
    assert found("toml", '[a]\nsystem = """\nx"""\n', "a.system") == {"a.system": "x"}


def test_a_mapping_is_one_text_in_which_the_order_and_the_layout_of_its_keys_say_nothing() -> None:
    one = found("yaml", "p: {b: x, a: [y]}", "p")

    assert one == found("yaml", "p:\n  # why\n  a:\n    - 'y'\n  b: x\n", "p") != found("yaml", "p: {b: z}", "p")


def test_every_document_of_a_stream_is_read() -> None:
    assert found("yaml", "p: x\n---\np: y\n", "p") == {"p": "x\ny"}


@pytest.mark.parametrize(
    ("language", "text"),
    [("yaml", "p: [x"), ("yaml", "p: {{ name }}: y"), ("json", '{"p": 1,}'), ("toml", "p = "), ("json", "")],
)
def test_a_broken_document_cannot_be_read(language: str, text: str) -> None:
    with pytest.raises(Unparsable, match=f"not {language}"):
        found(language, text, "p")


def test_aliases_that_multiply_and_a_value_inside_of_itself_end_in_bounded_time() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )

    for path in ("a8", "a8.*.*.*.*.*.*.*.*.*", "**.x"):
        with pytest.raises(Unparsable, match="repeat"):
            found("yaml", laughs, path)
    with pytest.raises(Unparsable):
        found("yaml", "a: &a {b: *a}", "a")
    with pytest.raises(Unparsable):
        found("yaml", "[" * 5000 + "]" * 5000, "a")


def test_a_path_with_an_empty_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no empty part"):
        key_steps("a..b")


SHARED = """
base: &base {system: Be kind., model: small}
bot:
  <<: *base
  model: large
other:
  <<: [*base, {tone: calm}]
  system: Be exact.
"""


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("bot.system", {"bot.system": "Be kind."}),
        ("other.system", {"other.system": "Be exact."}),
        ("other.tone", {"other.tone": "calm"}),
        (
            "**.system",
            {"base.system": "Be kind.", "bot.system": "Be kind.", "other.system": "Be exact."},
        ),
    ],
)
def test_what_a_mapping_of_yaml_takes_over_from_another_is_found_in_it(path: str, texts: dict[str, str]) -> None:
    assert found("yaml", SHARED, path) == texts


def test_mappings_that_take_over_from_each_other_many_times_are_read_in_bounded_time() -> None:
    lines = ["a0: &a0 {system: x}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 200))]

    assert found("yaml", "\n".join(lines), "a199.system") == {"a199.system": "x"}
