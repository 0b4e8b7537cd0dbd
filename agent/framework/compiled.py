"""Uses the compiled helper of the framework if it is built; without it all comes to the same, only slower."""

from __future__ import annotations

from types import ModuleType

_VERSION = 2
"""The version of `native/module.c` that this code is for."""

native: ModuleType | None
try:
    from leverwatch.agent.framework import _native as _built
except ImportError:  # there was no C compiler when the package was installed
    native = None
else:
    # One that was built from another version may take other arguments.
    native = _built if getattr(_built, "VERSION", None) == _VERSION else None
