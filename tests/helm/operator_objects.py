"""Reads objects of the Prometheus Operator from standard input; prints what its types make of them, or refuse.

A program of its own, run with the folder of those types on its path.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from cloudcoil.models.prometheus_operator import v1
from pydantic import ValidationError


def judged(manifest: dict[str, Any]) -> dict[str, Any]:
    """The object without the keys that its type does not know, and the words of the type when it refuses it."""
    try:
        model = getattr(v1, manifest["kind"]).model_validate(manifest)
    except ValidationError as error:
        return {"refused": str(error)}
    return {"known": model.model_dump(by_alias=True, exclude_unset=True, mode="json")}


if __name__ == "__main__":
    json.dump([judged(manifest) for manifest in json.load(sys.stdin)], sys.stdout)
