"""The JSON Schema of the configuration file, for editors, error hints and the reference page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.json_schema import GenerateJsonSchema

from leverwatch.agent.config.build import build_config_model
from leverwatch.agent.config.error_messages import show_duration
from leverwatch.agent.config.problem import Steps
from leverwatch.collectors.config import PART
from leverwatch.collectors.registry import SourceType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """A schema generator that writes defaults in the notation of the file."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        # A model has a title; one that is apart looks like a function to pydantic.
        return PART not in schema.get("metadata", ()) and super().field_title_should_be_set(schema)

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return show_duration(dft)
        if isinstance(dft, SecretStr):
            # A default is in the code; it is no secret.
            return dft.get_secret_value()
        if isinstance(dft, BaseModel):
            return {}
        if isinstance(dft, float) and dft.is_integer():
            return int(dft)
        return super().encode_default(dft)


def _tidy(node: Any) -> None:
    """Tighten pydantic's schema: a source must have `type`, and names of systems must match their pattern."""
    if isinstance(node, list):
        for part in node:
            _tidy(part)
    if not isinstance(node, dict):
        return
    if "patternProperties" in node:
        node["additionalProperties"] = False
    # SecretStr marks values as write-only passwords; an editor should show a database URL.
    if node.pop("writeOnly", False) and node.get("format") == "password":
        del node["format"]
    for part in node.values():
        _tidy(part)


def _require_types(schema: dict[str, Any], node: Any) -> None:
    if isinstance(node, list):
        for part in node:
            _require_types(schema, part)
    if not isinstance(node, dict):
        return
    # `discriminator` is OpenAPI's; validators of JSON Schema need the constant to be required instead.
    tags: dict[str, Any] = node.pop("discriminator") if "mapping" in node.get("discriminator", ()) else {}
    for reference in tags.get("mapping", {}).values():
        model = follow(schema, {"$ref": reference})
        name = tags["propertyName"]
        model["required"] = [name, *(key for key in model.get("required", []) if key != name)]
        model["properties"][name].pop("default", None)
    for part in list(node.values()):
        _require_types(schema, part)


def follow(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Any:
    """Return the definition that a node of the schema refers to, or the node itself without a reference."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def json_schema(types: Mapping[str, SourceType] | None = None) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a whole file.

    Args:
        types: the kinds of source; by default all that are registered.
    """
    schema = build_config_model(types).model_json_schema(schema_generator=_Generator, union_format="any_of")
    _tidy(schema)
    _require_types(schema, schema)
    return {"$schema": _DIALECT, **schema, "title": "leverwatch configuration"}


def branches(schema: Mapping[str, Any], node: Mapping[str, Any]) -> list[Any]:
    """Return the alternatives of a node, with references resolved; the node alone when it has none."""
    node = follow(schema, node)
    for word in ("oneOf", "anyOf"):
        if word in node:
            return [part for choice in node[word] for part in branches(schema, choice)]
    return [node]


def _fits(branch: Mapping[str, Any], data: Any) -> bool:
    tag = branch.get("properties", {}).get("type", {}).get("const")
    return tag is None or (isinstance(data, dict) and data.get("type") == tag)


def known_keys(schema: Mapping[str, Any], data: Any, steps: Steps) -> tuple[str, ...]:
    """Return the keys that the mapping at a path of `data` may have; empty when any key is allowed."""
    nodes = [schema]
    for step in steps:
        inner: list[Any] = []
        for node in (branch for part in nodes for branch in branches(schema, part) if _fits(branch, data)):
            if isinstance(step, int):
                inner += [node["items"]] if "items" in node else []
            elif step in node.get("properties", {}):
                inner.append(node["properties"][step])
            else:
                inner += list(node.get("patternProperties", {}).values())
                inner += [part for part in [node.get("additionalProperties")] if isinstance(part, dict)]
        nodes = inner
        data = data[step]
    found = [branch for part in nodes for branch in branches(schema, part) if _fits(branch, data)]
    return tuple(dict.fromkeys(key for node in found for key in node.get("properties", {})))
