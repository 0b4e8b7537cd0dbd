"""The list of the image's packages, in the format of CycloneDX."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from supply import sbom
from supply.requirements import read_lock

_VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("sbom") / "new/leverwatch.cdx.json"
    sbom.write(target)
    return target.read_text()


def test_the_list_follows_its_schema(written: str) -> None:
    assert _VALIDATOR.validate_str(written) is None


def test_the_schema_would_refuse_something_else(written: str) -> None:
    assert _VALIDATOR.validate_str(written.replace('"components"', '"component"', 1)) is not None


def test_every_package_of_the_image_is_listed_with_the_hashes_of_its_files(written: str) -> None:
    listed = {
        (one["name"].lower(), one["version"]): {
            f"sha256:{each['content']}" for reference in one["externalReferences"] for each in reference["hashes"]
        }
        for one in json.loads(written)["components"]
    }

    assert listed == {(str(each.name), str(each.version)): set(each.hashes) for each in read_lock("image")}


def test_the_list_is_of_this_program(written: str) -> None:
    described = json.loads(written)["metadata"]["component"]

    assert (described["name"], described["type"]) == ("leverwatch", "application")
    assert described["licenses"][0]["license"]["id"] == "Apache-2.0"


def test_the_list_is_the_same_each_time(written: str, tmp_path: Path) -> None:
    sbom.write(tmp_path / "again.json")

    assert (tmp_path / "again.json").read_text() == written
