"""The rooms of the project, and what each of them may import. The one place to change when a room is added."""

from __future__ import annotations

ROOMS = (
    "collectors/*.py",  # what every source shares: interface, configuration, errors, paths, HTTP, registry
    "collectors/records/",  # what one record says; pure
    "collectors/selection/",  # texts of prompts within files; pure
    "collectors/prompts/",  # when a prompt has changed, whoever tells it; pure
    "collectors/aggregation/",  # adding records up, each exactly once
    "collectors/content/",  # the bytes of one log, unpacked and cut into records
    "collectors/daily/",  # sources that are asked for whole days
    "collectors/sources/*/",  # one room for each type of source; none imports another
    "collectors/sniffing/",  # naming an unknown log, finding prompts; reads files and git as the sources do
    "agent/*.py",  # what every room of the agent shares: errors, clock, log
    "agent/framework/",  # decisions; pure
    "agent/snapshot.py",  # the picture that the exporter and the status page show
    "agent/config/",
    "agent/prices/",
    "agent/store/",
    "agent/evaluation/",  # stored facts to verdicts to a snapshot
    "agent/exporter/",
    "agent/scheduling/",
    "agent/replay/",
    "agent/demo/",
    "agent/web/transport/",
    "agent/web/page/",
    "agent/web/*.py",
    "agent/app.py",
    "agent/cli/",
)
"""From low to high. A module may import from its own room and from lower ones.

`agent/x.py` is a module, `agent/*.py` are the modules directly in a folder that have no line of their own,
`agent/x/` is a folder without what has a line of its own. With `*/`, each folder is a room, all on the same level.
"""
BY_NAME = frozenset(
    {
        "collectors/registry.py",
        "collectors/sources/sql/engines/registry.py",
        "collectors/sources/sql/presets/registry.py",
    }
)
"""Modules whose imports by text do not count: they find source types and databases by their names at run time."""

# fmt: off
PURE = {
    "collectors/records/": frozenset({
        "__future__", "ast", "collections", "csv", "dataclasses", "datetime", "enum", "functools", "importlib",
        "hashlib", "io", "itertools", "json", "linecache", "math", "operator", "re", "string", "typing",
        "urllib.parse", "zoneinfo", "msgspec", "pydantic", "pydantic_core", "zstandard",
        "leverwatch.collectors.config", "leverwatch.collectors.counted_fields", "leverwatch.collectors.interface",
        "leverwatch.collectors.prepared", "leverwatch.collectors.unpacking",
    }),
    "collectors/selection/": frozenset({
        "__future__", "codecs", "collections", "datetime", "functools", "importlib", "itertools", "json", "re",
        "tomllib", "typing", "msgspec", "re2", "tree_sitter", "tree_sitter_", "yaml",
        "leverwatch.collectors.interface",
    }),
    "agent/framework/": frozenset({
        "__future__", "array", "collections", "dataclasses", "datetime", "decimal", "enum", "fnmatch", "fractions",
        "functools", "itertools", "math", "operator", "random", "re", "statistics", "sys", "types", "typing",
        "zlib", "msgspec", "leverwatch.collectors.interface",
    }),
}
# fmt: on
"""Rooms that do no I/O and read no clock, with all modules that they may import from elsewhere, submodules
included. `ast` is allowed for literals in text, `io` for streams in memory, `zoneinfo` for its tables of time
zones, `linecache` for the source of generated code in tracebacks, `importlib` for a format that is imported when
it is used."""

IMPURE_CALLS = frozenset(
    {"open", "input", "print", "now", "today", "utcnow", "utc_now", "read_bytes", "read_text"}
)
"""Functions and methods that a pure room must not call."""
