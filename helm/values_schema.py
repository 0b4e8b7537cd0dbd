"""Generates values.schema.json: the values of the chart, including the agent's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helm.values_file import Value

_TYPES = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
_DURATION = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}
_DURATION_OR_NONE = {"anyOf": [{"type": "string", "maxLength": 0}, {"$ref": "#/$defs/duration"}]}
_NAME = {"type": "string", "minLength": 1}
_TEXTS = {"$ref": "#/$defs/texts"}

DEFINITIONS: dict[str, Any] = {
    "texts": {"type": "object", "additionalProperties": {"type": "string"}},
    "quantity": {"type": "string", "pattern": "^[0-9]+([.][0-9]+)?([EPTGMK]i|[EPTGMk])?$"},
    "duration": _DURATION,
    "secretEnv": {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        "additionalProperties": {
            "type": "object",
            "properties": {"secret": _NAME, "key": _NAME},
            "required": ["secret", "key"],
            "additionalProperties": False,
        },
    },
    "secretFiles": {
        "type": "object",
        # A part of the name of a volume.
        "propertyNames": {"pattern": "^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$"},
        "additionalProperties": _NAME,
    },
    "alert": {
        "type": "object",
        "properties": {
            "enabled": {"type": "boolean"},
            "expr": _NAME,
            "for": _DURATION_OR_NONE,
            "keep_firing_for": _DURATION_OR_NONE,
            "severity": _NAME,
            "labels": _TEXTS,
            "annotations": _TEXTS,
        },
        "additionalProperties": False,
    },
}
"""Definitions that `@schema` comments refer to."""

_SET_BY_CHART = {"": ("store", "cache_dir"), "web": ("listen", "probe_listen", "config_file")}
"""Settings that the templates refuse with their own messages, so that the schema has to allow them."""


def values_schema(values: Sequence[Value], agent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of values.yaml; `agent` is the schema of the agent's configuration.

    It is of draft 7, the newest that every Helm 3 supports.
    """
    schema = _mapping(values)
    # Helm adds `global` when another chart uses this one.
    schema["properties"]["global"] = {"type": "object"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the leverwatch chart",
        **schema,
        "$defs": {**DEFINITIONS, **_agent(agent)},
    }


def _mapping(values: Sequence[Value]) -> dict[str, Any]:
    properties = {value.path[-1]: _node(value) for value in values}
    required = [value.path[-1] for value in values if not _may_be_null(value)]
    needs = {"required": required} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needs}


def _may_be_null(value: Value) -> bool:
    # Helm takes out a value that is set to null. For a list or mapping that is empty; templates need the others.
    return isinstance(value.default, list | dict) and not value.children


def _node(value: Value) -> dict[str, Any]:
    about = {"description": value.about} if value.about else {}
    if value.children:
        return {**about, **_mapping(value.children)}
    if value.schema.keys() & {"$ref", "anyOf"}:
        return {**about, **value.schema}
    kind = _TYPES[type(value.default)]
    items = {"items": {"type": "object"}} if kind == "array" else {}
    return {**about, "type": kind, **items, **value.schema}


def _agent(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions of the agent's schema with prefixed names, without settings that the chart sets."""
    root = {key: part for key, part in schema.items() if not key.startswith("$")}
    named = {"agent": root} | {f"agent.{key}": part for key, part in schema["$defs"].items()}
    definitions = {key: _adapted(part) for key, part in named.items()}
    for section, keys in _SET_BY_CHART.items():
        target = definitions["agent"]
        if section:
            target = definitions[target["properties"][section]["$ref"].rpartition("/")[2]]
        for key in keys:
            target["properties"][key] = {"description": "Set by the chart."}
    return _reachable(definitions)


def _adapted(node: Any) -> Any:
    if isinstance(node, list):
        return [_adapted(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: part for key, part in node.items() if key not in {"title", "examples"} or isinstance(part, dict)}
    if isinstance(reference := kept.get("$ref"), str):
        kept["$ref"] = reference.replace("#/$defs/", "#/$defs/agent.")
    return {key: _adapted(part) for key, part in kept.items()}


def _reachable(definitions: Mapping[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    ahead = ["agent"]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen[name] = definitions[name]
            ahead += _references(definitions[name])
    return {name: part for name, part in definitions.items() if name in seen}


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for part in node for name in _references(part)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
    return own + [name for part in node.values() for name in _references(part)]
