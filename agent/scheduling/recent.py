"""What a source read within a day, by what became of it, in hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from leverwatch.collectors.interface import Result

SPAN = timedelta(hours=24)
"""How far back `Recent` remembers."""


class Recent:
    """The records of one source in this process, by result; what is older than a day is forgotten hour by hour."""

    def __init__(self) -> None:
        self._hours: dict[datetime, Counter[Result]] = {}

    def add(self, moment: datetime, tallies: Mapping[Result, int]) -> None:
        """Add the records of a batch."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        self._hours.setdefault(hour, Counter()).update(tallies)

    def tallies(self, moment: datetime) -> Mapping[Result, int]:
        """Return the records of the last day. A clock that was set back forgets nothing."""
        for hour in [hour for hour in self._hours if hour <= moment - SPAN]:
            del self._hours[hour]
        return sum(self._hours.values(), Counter())
