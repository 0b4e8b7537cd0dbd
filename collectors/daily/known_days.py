"""What a source that is asked for days stores between runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec import Struct

from leverwatch.collectors.daily.account import ACCOUNT
from leverwatch.collectors.daily.answers import Gone, Known
from leverwatch.collectors.daily.spent import QUESTIONS
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.stored_state import Kind, check_keys, entries, place_of, same

_Span = tuple[date, date]


class _Stored(Struct, frozen=True, forbid_unknown_fields=True):
    """`Known` with nothing that may be left out."""

    asked: tuple[_Span, ...]
    filled: tuple[_Span, ...]
    bare: tuple[_Span, ...]
    settings: str
    counted: tuple[tuple[date, float], ...]
    gone: tuple[tuple[date, float | None, date], ...]


def _encode(known: Known) -> bytes:
    stored = _Stored(
        _pairs(known.asked),
        _pairs(known.filled),
        _pairs(known.bare),
        known.settings,
        tuple(sorted(known.counted.items())),
        tuple((it.day, it.calls, it.noticed) for it in known.gone),
    )
    return msgspec.json.encode(stored)


def _decode(body: bytes) -> Known:
    stored = _decoder.decode(body)
    return Known(
        _days(stored.asked),
        _days(stored.filled),
        _days(stored.bare),
        stored.settings,
        dict(stored.counted),
        tuple(Gone(*it) for it in stored.gone),
    )


def _without_calls(body: bytes) -> bytes:
    """The upgrade to version 2, which notes how many calls a day had, and days that lost their rows."""
    return msgspec.json.encode(msgspec.json.decode(body, type=dict[str, object]) | {"counted": (), "gone": ()})


def _pairs(spans: tuple[Days, ...]) -> tuple[_Span, ...]:
    return tuple((span.first, span.last) for span in spans)


def _days(spans: tuple[_Span, ...]) -> tuple[Days, ...]:
    return tuple(Days(first, last) for first, last in spans)


_decoder = msgspec.json.Decoder(_Stored)
DAYS: Kind[Known] = Kind(
    name="days that were asked for",
    key="days",
    encode=_encode,
    decode=_decode,
    upgrades=(same, _without_calls),
    is_json=True,
)
KINDS = (DAYS, QUESTIONS)
"""What every such source stores. One that tells who answers stores that too."""


def read_known(source: str, value: bytes) -> Known:
    """Return what is known of the days of a source, from the value that it stores under `DAYS.key`.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    return DAYS.loads(place_of(source, DAYS.key), value)


def load_known(source: str, stored: Mapping[str, bytes], settings: str) -> Known:
    """Return what is known of the days of a source; with other settings, every day has to be asked for again.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    check_keys(source, stored, (*KINDS, ACCOUNT))
    known = dict(entries(source, stored, DAYS)).get(DAYS.key, Known())
    if known.settings == settings:
        return known
    return Known(filled=known.filled, settings=settings, counted=known.counted, gone=known.gone)
