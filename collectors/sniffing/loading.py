"""Keeps to what a configuration takes: whatever is proposed must load."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sources.files.config import FilesConfig

SYSTEM = "sniffed"


def config_of(path: Path, settings: Any) -> FilesConfig:
    """Return the settings of a source that reads a single file completely, without waiting for its last line.

    Raises:
        ValidationError: the configuration does not take the settings of the format.
    """
    return FilesConfig.model_validate(
        {
            "name": "sniff",
            "path": glob.escape(str(path.resolve())),
            "format": settings,
            "system": SYSTEM,
            "quiet_after": timedelta(0),
            "follow_rotated": False,
        }
    )


def loadable(fields: FieldGuess, settings: Mapping[str, Any]) -> FieldGuess | None:
    """Return a field map that loads: without the fields that the configuration refuses, and with a doubt for each.

    None when it does not take the time.

    Args:
        fields: the field map.
        settings: what stands beside it in the format, `type` among it.
    """
    for _ in range(len(fields.fields) + 2):
        try:
            config_of(Path("sniffed"), {**settings, **fields.settings})
        except ValidationError as error:
            rest = _without(fields, error)
            if rest is None:
                return None
            fields = rest
        else:
            return fields
    return None


def _without(fields: FieldGuess, error: ValidationError) -> FieldGuess | None:
    named = {str(part) for problem in error.errors() for part in problem["loc"]}
    beside = {"only": fields.only, "not": fields.excluded, **fields.extras}
    filters = [name for name, setting in beside.items() if setting and name in named]
    refused = [name for name in fields.fields if name in named]
    if not refused and not filters:
        refused = [name for name in fields.fields if name in str(error)] or list(fields.fields)[-1:]
    if "time" in refused:
        return None
    note = ", ".join((*filters, *refused))
    return replace(
        fields,
        fields={name: value for name, value in fields.fields.items() if name not in refused},
        only={} if "only" in filters else fields.only,
        excluded={} if "not" in filters else fields.excluded,
        extras={name: value for name, value in fields.extras.items() if name not in filters},
        notes=(*fields.notes, f"{note}: not mapped, as the configuration does not take what was found"),
    )
