"""Lets a format without settings be written as its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from leverwatch.collectors.records.formats.exports import NAMES as EXPORTS
from leverwatch.collectors.records.formats.registry import NAMED

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


class ByName:
    """Takes the name of a format for the format without settings."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: {"type": value} if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "enum": [*NAMED, *EXPORTS]}, handler(schema)]}
