"""What a source that is asked for days stores of its budget, so that a restart does not give it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from leverwatch.collectors.daily.asking import LONGEST_PAUSE, Asking
from leverwatch.collectors.daily.window import LONGEST_SLICE
from leverwatch.collectors.stored_state import Kind, entries, same

_MINUTE = 60


class Spent(Struct, frozen=True):
    """Questions that were asked within an hour, and what the source asked for."""

    asked: tuple[tuple[datetime, int], ...] = ()
    """The end of each minute in which questions were asked, and how many, oldest first."""
    not_before: datetime | None = None
    """The source wants no question before this time; None: it said nothing."""
    longest: int = LONGEST_SLICE
    """The most days that one question should be about."""


class _Stored(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    asked: tuple[tuple[datetime, int], ...]
    not_before: datetime | None
    longest: int = LONGEST_SLICE


def _encode(spent: Spent) -> bytes:
    return msgspec.json.encode(_Stored(spent.asked, spent.not_before, spent.longest))


def _decode(body: bytes) -> Spent:
    stored = _decoder.decode(body)
    moments = [*(moment for moment, _ in stored.asked), *([stored.not_before] if stored.not_before else [])]
    if any(moment.tzinfo is None for moment in moments) or any(number < 1 for _, number in stored.asked):
        raise ValueError("a time without a zone, or a number of questions below one")
    if not 1 <= stored.longest <= LONGEST_SLICE:
        raise ValueError("a number of days below one, or above that of the longest question")
    return Spent(stored.asked, stored.not_before, stored.longest)


_decoder = msgspec.json.Decoder(_Stored)
QUESTIONS: Kind[Spent] = Kind(
    name="questions that were asked",
    key="questions",
    encode=_encode,
    decode=_decode,
    upgrades=(same,),
    is_json=True,
)


def spent_by(asking: Asking, now: datetime, *, more: int = 0) -> Spent:
    """Return what is to be stored of a budget.

    `more` is how many questions are about to be asked: one that is asked and never comes back counts as well.
    """
    ago, wait = asking.spent()
    minutes = Counter(_minute_end(now - timedelta(seconds=seconds)) for seconds in ago)
    minutes[_minute_end(now)] += more
    return Spent(
        tuple(sorted((end, number) for end, number in minutes.items() if number)),
        now + timedelta(seconds=wait) if wait > 0 else None,
        asking.longest,
    )


def resume(asking: Asking, source: str, stored: Mapping[str, bytes], now: datetime) -> bool:
    """Have a budget go on where the last process left it, and return whether the clock was set back since.

    Times in the future, as after the clock was set back, are taken for now, and so is the end of a wait that is
    longer than any that a source may ask for.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    was_set_back = False
    for _, spent in entries(source, stored, QUESTIONS):
        was_set_back |= any((end - now).total_seconds() > _MINUTE for end, _ in spent.asked)
        ago = [max((now - end).total_seconds(), 0.0) for end, number in spent.asked for _ in range(number)]
        wait = 0.0 if spent.not_before is None else (spent.not_before - now).total_seconds()
        asking.resume(ago, wait if wait <= LONGEST_PAUSE else 0.0, spent.longest)
    return was_set_back


def _minute_end(moment: datetime) -> datetime:
    seconds = moment.timestamp()
    return datetime.fromtimestamp(seconds - seconds % _MINUTE + _MINUTE, UTC)
