"""The presets by name. A producer is a module of this folder that has `PRESETS`; no list names it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from leverwatch.collectors.sources.sql.presets.interface import Preset

_PACKAGE = "leverwatch.collectors.sources.sql.presets"


@cache
def presets() -> tuple[Preset, ...]:
    """Return all presets, by name, and those of one name in the order of their databases."""
    names = (it.name for it in iter_modules(import_module(_PACKAGE).__path__))
    modules = (import_module(f"{_PACKAGE}.{name}") for name in names)
    found: list[Preset] = [it for module in modules for it in getattr(module, "PRESETS", ())]
    return tuple(sorted(found, key=lambda it: (it.name, it.engines)))


def all_of(name: str) -> tuple[Preset, ...]:
    """Return the presets of a name, for whatever database.

    Raises:
        ValueError: there is none; the message names those that there are.
    """
    found = tuple(it for it in presets() if it.name == name)
    if not found:
        known = ", ".join(dict.fromkeys(it.name for it in presets()))
        raise ValueError(f"preset {name} is not known; there are: {known}")
    return found


def preset_of(name: str, engine: str) -> Preset:
    """Return the preset of a name for a database.

    Raises:
        ValueError: there is none; the message names those that there are.
    """
    of_name = all_of(name)
    found = next((it for it in of_name if engine in it.engines), None)
    if found is None:
        able = ", ".join(engine for it in of_name for engine in it.engines)
        others = ", ".join(dict.fromkeys(it.name for it in presets() if engine in it.engines)) or "none"
        raise ValueError(f"preset {name} is for {able}, and `url` is of {engine}, for which there are: {others}")
    return found
