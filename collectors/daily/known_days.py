"""What a source that is asked for days stores between runs."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from leverwatch.collectors.daily.answers import Known
from leverwatch.collectors.stored_state import Kind, check_keys, entries, same

DAYS: Kind[Known] = Kind(
    name="days that were asked for",
    key="days",
    encode=msgspec.json.encode,
    decode=msgspec.json.Decoder(Known).decode,
    upgrades=(same,),
    is_json=True,
)
KINDS = (DAYS,)
"""What such a source stores."""


def load_known(source: str, stored: Mapping[str, bytes], settings: str) -> Known:
    """Return what is known of the days of a source; with other settings, every day has to be asked for again.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    check_keys(source, stored, KINDS)
    known = dict(entries(source, stored, DAYS)).get(DAYS.key, Known())
    if known.settings == settings:
        return known
    return Known(filled=known.filled, settings=settings)
