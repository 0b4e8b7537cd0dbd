"""Builds the parts that count the records of one source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leverwatch.collectors.aggregation.compiled import (
    IS_COMPILED,
    help_framing,
    id_maker,
    identifier,
    native_counter,
)
from leverwatch.collectors.aggregation.config import CountingConfig
from leverwatch.collectors.aggregation.counters import LOST_SESSIONS, SESSION, Counters
from leverwatch.collectors.aggregation.dedupe import PREFIX as SEEN
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.observed_state import OBSERVED
from leverwatch.collectors.aggregation.open_calls import OPEN_CALL, OpenCalls
from leverwatch.collectors.aggregation.partial_lines import PARTIAL_LINE
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.aggregation.stored_ids import KeyOf, ids_kind
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.field_rows import counters_of
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.records.format_config import ExportFormat, NamedFormat
from leverwatch.collectors.records.formats.interface import Format, Repeats
from leverwatch.collectors.records.path_words import parse_pattern
from leverwatch.collectors.records.timestamps import zone_named
from leverwatch.collectors.stored_state import Kind

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.native_counter import NativeCounter

CALLS = "calls/"
"""The prefix of the state keys of streamed calls and traces."""
IDS = (ids_kind(SEEN), ids_kind(CALLS))
"""The kinds of state that hold ids: of records, and of calls and traces."""
KINDS: tuple[Kind[Any], ...] = (*IDS, OPEN_CALL, PARTIAL_LINE, OBSERVED, SESSION, LOST_SESSIONS)
"""The kinds of state that counting stores, for every type of source."""
_CALLS_SECONDS = 3600.0
"""The shortest time in seconds within which all parts of a streamed call are recognised."""


class Pipeline(Struct, frozen=True):
    """The parts that decode, deduplicate and add up the records of a source."""

    format: Format
    seen: SeenIds | None
    """The request ids seen; None when duplicates count."""
    calls: SeenIds
    open_calls: OpenCalls
    """Calls of which a later record may say more."""
    counters: Counters | None
    """Remembers the fields that only grow within a session; None: there are none."""
    rollup: Rollup
    plain: NativeCounter | None
    """Counts plain lines with the compiled helper; None when it cannot be used."""


def assemble(config: CountingConfig, now: Callable[[], datetime], *, compiled: bool = IS_COMPILED) -> Pipeline:
    """Return new parts for a configured source; `compiled`: use the compiled helper."""
    template = parse_template(config.system)
    prompt = None if config.prompt is None else parse_template(config.prompt)
    pattern = None if config.path_pattern is None else parse_pattern(config.path_pattern)
    made = build_format(config.format, template.paths, prompt, pattern)
    names, own = system_lookup(template), len(template.paths)
    window = config.dedupe_window.total_seconds()
    make = id_maker(compiled=compiled)
    key_of = KeyOf.RECORD if made.repeats is Repeats.CALLS else KeyOf.ID
    seen = SeenIds(window, make=make, key_of=key_of) if window > 0 else None
    calls = SeenIds(max(window, _CALLS_SECONDS), CALLS, make)
    open_calls = OpenCalls()
    fields = (
        ()
        if isinstance(config.format, NamedFormat | ExportFormat)
        else counters_of(config.format.fields.entries())
    )
    zone = zone_named(config.timezone)
    counters = Counters(fields, zone) if fields else None
    rollup = Rollup(
        names if prompt is None else lambda values: names(values[:own]),
        zone,
        now,
        config.future_tolerance,
        seen,
        calls,
        made.has_extended,
        made.known,
        identifier(compiled=compiled),
        open_calls,
        isinstance(config.format, NamedFormat),
        None if prompt is None else own,
        config.operations,
        counters,
        names.unnamed,
    )
    help_framing(made, compiled=compiled)
    tested = template.only_tested
    plain = native_counter(made, rollup, zone, seen, calls, tested, open_calls) if compiled else None
    return Pipeline(made, seen, calls, open_calls, counters, rollup, plain)
