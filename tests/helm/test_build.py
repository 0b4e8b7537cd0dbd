"""The tool that writes what in the chart is made from other files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm.build import main, outdated, with_version, write
from helm.values_file import Value, parse_values, walk
from helm.values_schema import values_schema
from helm.values_table import with_values
from leverwatch.agent.config.schema import json_schema
from tests.helm.programs import CHART, ROOT
from tests.rules.rulefile import rules

MOST_ANNOTATIONS = 256 * 1024
ROOM_OF_THE_REST = 8 * 1024
"""For the labels and other annotations of such an object."""
VALUES = parse_values((CHART / "values.yaml").read_text())
TABLE = "<!-- values: generated, do not edit -->\n<!-- values: end -->"


def schema_of(text: str) -> dict[str, Any]:
    """The schema of a values file."""
    return values_schema(parse_values(text), json_schema())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the tool reads and writes."""
    shutil.copytree(CHART, tmp_path / "helm/leverwatch")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if (ROOT / "grafana/dashboards").exists():
        shutil.copytree(ROOT / "grafana/dashboards", tmp_path / "grafana/dashboards")
    write(tmp_path)
    return tmp_path


def test_everything_generated_is_up_to_date() -> None:
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        write()

    assert sorted(outdated()) == [], "`make chart` writes them"


def test_the_check_passes_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helm.build", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err


def test_dashboards_are_copied_and_those_that_are_gone_are_removed(project: Path) -> None:
    sources, copies = project / "grafana/dashboards", project / "helm/leverwatch/dashboards"
    sources.mkdir(parents=True, exist_ok=True)
    (sources / "new.json").write_text('{\n  "uid": "new",\n  "title": "a, b: ü"\n}\n')
    copies.mkdir(exist_ok=True)
    (copies / "old.json").write_text("{}\n")

    assert sorted(outdated(project)) == ["dashboards/new.json", "dashboards/old.json"]
    assert write(project) == ["dashboards/new.json", "dashboards/old.json"]
    assert (copies / "new.json").read_text() == '{"uid":"new","title":"a, b: ü"}\n'
    assert not (copies / "old.json").exists()
    assert outdated(project) == {}


@pytest.mark.parametrize("path", sorted((CHART / "dashboards").glob("*.json")), ids=lambda path: path.name)
def test_a_dashboard_fits_into_an_object_that_kubectl_apply_takes(path: Path) -> None:
    """The object is put into an annotation of itself as JSON, and all annotations have 256 KiB together."""
    inside = json.dumps({"data": {path.name: path.read_text("utf-8")}}, ensure_ascii=False)

    assert len(inside.encode()) < MOST_ANNOTATIONS - ROOM_OF_THE_REST
    assert json.loads(path.read_text("utf-8")) == json.loads(
        (ROOT / "grafana/dashboards" / path.name).read_text("utf-8")
    )


@pytest.mark.parametrize("name", ["values.schema.json", "README.md", "Chart.yaml"])
def test_an_edited_file_is_out_of_date(project: Path, name: str) -> None:
    path = project / "helm/leverwatch" / name
    edited = path.read_text().replace("0.1.0", "9.9.9").replace("Name of the image", "Name of an image")
    path.write_text(edited)

    assert sorted(outdated(project)) == [name]


def test_the_chart_has_the_version_of_the_package() -> None:
    chart = yaml.safe_load(with_version((CHART / "Chart.yaml").read_text(), "1.2.3"))

    assert (chart["version"], chart["appVersion"]) == ("1.2.3", "1.2.3")


def test_every_value_is_described_and_in_the_readme() -> None:
    readme = (CHART / "README.md").read_text()

    for value in walk(VALUES):
        assert value.children or value.about, value.name
        assert not value.about or f"| `{value.name}` |" in readme, value.name
        assert value.section, value.name


def test_every_alert_has_its_place_in_the_values() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert list(values["prometheusRule"]["alerts"]) == [rule["alert"] for rule in rules()]


def test_the_schema_is_valid_and_accepts_the_defaults() -> None:
    # Its import compiles dozens of grammars, which no worker without this test has to wait for.
    import jsonschema

    schema = json.loads((CHART / "values.schema.json").read_text())

    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load((CHART / "values.yaml").read_text()))


def test_the_schema_holds_the_agents_own_without_what_the_chart_sets() -> None:
    definitions = json.loads((CHART / "values.schema.json").read_text())["$defs"]
    agent = definitions["agent"]["properties"]

    assert agent.keys() == json_schema()["properties"].keys()
    assert agent["store"] == agent["cache_dir"] == {"description": "Set by the chart."}
    assert "agent.StoreConfig" not in definitions
    assert "$ref" in agent["framework"]


def test_a_comment_becomes_the_description_and_the_type_is_that_of_the_default() -> None:
    schema = schema_of("# == A ==\n\n# One,\n# two.\nname: x\n# Three.\nnumber: 1\n# Four.\nmany: [{a: 1}]\n")

    assert schema["properties"]["name"] == {"description": "One, two.", "type": "string"}
    assert schema["properties"]["number"] == {"description": "Three.", "type": "integer"}
    assert schema["properties"]["many"] == {
        "description": "Four.",
        "type": "array",
        "items": {"type": "object"},
    }


def test_a_mapping_is_closed_unless_its_schema_line_opens_it() -> None:
    schema = schema_of(
        "closed:\n  # A.\n  key: 1\n# B.\n# @schema {additionalProperties: true}\nopen: {key: 1}\n# C.\nfree: {}\n"
    )

    assert schema["properties"]["closed"]["additionalProperties"] is False
    assert schema["properties"]["open"] == {"description": "B.", "type": "object", "additionalProperties": True}
    assert schema["properties"]["free"] == {"description": "C.", "type": "object"}


def test_only_a_list_or_an_open_mapping_may_be_missing() -> None:
    schema = schema_of("# A.\ntext: x\n# B.\nlist: [1]\n# C.\nopen: {}\nclosed:\n  # D.\n  number: 1\n")

    assert schema["required"] == ["text", "closed"]
    assert schema["properties"]["closed"]["required"] == ["number"]


def test_a_value_without_a_description_is_refused_with_its_line() -> None:
    with pytest.raises(ValueError, match=r"values\.yaml:4: a\.c has no description"):
        parse_values("a:\n  # B.\n  b: 1\n\n  c: 2\n".replace("\n\n", "\n"))


def test_a_schema_line_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(TypeError, match="not a mapping: # @schema minimum"):
        parse_values("# A.\n# @schema minimum\na: 1\n")


def test_a_readme_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_values("# leverwatch\n", VALUES)


def test_the_table_has_a_row_for_each_value_and_a_bar_does_not_break_it() -> None:
    value = Value(("a", "b"), "x", "One | two.", {}, "First")

    assert with_values(TABLE, [value]).splitlines()[2:6] == [
        "### First",
        "",
        "| Value | Default | Meaning |",
        "|---|---|---|",
    ]
    assert '| `a.b` | `"x"` | One \\| two. |' in with_values(TABLE, [value])
