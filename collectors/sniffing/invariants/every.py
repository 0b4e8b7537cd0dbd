"""Tries all that a right reading must satisfy. Pure."""

from __future__ import annotations

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.answers import doubt_answers
from leverwatch.collectors.sniffing.invariants.batches import doubt_batches
from leverwatch.collectors.sniffing.invariants.denials import doubt_denials
from leverwatch.collectors.sniffing.invariants.running import doubt_running
from leverwatch.collectors.sniffing.invariants.services import doubt_services
from leverwatch.collectors.sniffing.invariants.settings import doubt_settings
from leverwatch.collectors.sniffing.invariants.sizes import doubt_sizes
from leverwatch.collectors.sniffing.invariants.sum_rows import doubt_sum_rows
from leverwatch.collectors.sniffing.invariants.totals import doubt_totals
from leverwatch.collectors.sniffing.invariants.twice import doubt_growing, doubt_twice


def doubt_all(draft: Draft) -> None:
    """Say what of a finished map does not fit itself: each thing with what would be counted otherwise."""
    doubt_sizes(draft)
    doubt_batches(draft)
    doubt_twice(draft)
    doubt_growing(draft)
    doubt_denials(draft)
    doubt_services(draft)
    doubt_sum_rows(draft)
    doubt_answers(draft)
    doubt_totals(draft)
    doubt_settings(draft)
    doubt_running(draft)
